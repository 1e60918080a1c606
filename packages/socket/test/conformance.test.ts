import { describe, expect, test } from 'vitest'
import type { Channel, Facade } from './support/channels.ts'
import { facades, fate, readAll, readExactly } from './support/channels.ts'
import { digest, Hosts, pattern } from './support/hosts.ts'

const LINK = { delay: 10 }

/** Client and server ends of one connection. */
async function connected(facade: Facade, hosts: Hosts): Promise<{ client: Channel, server: Channel }> {
  const listener = facade.listen(hosts.server)
  const [client, server] = await Promise.all([facade.connect(hosts.client, '10.0.0.2', listener.port), listener.accept()])
  listener.close()
  return { client, server }
}

/** Everything that ended has given back what it had. */
async function expectBaseline(hosts: Hosts): Promise<void> {
  await hosts.drain()
  for (const stack of [hosts.client, hosts.server]) {
    const { memory, internet, protocols } = stack.accounting()
    expect({ used: memory.used, internet, tcp: protocols['tcp'] }).toEqual({
      used: 0, internet: { bytes: 0 }, tcp: { sockets: 0, flows: 0, timers: 0, bytes: 0 },
    })
    expect(stack.netstat()).toEqual([])
  }
}

describe.each(facades)('$name', (facade) => {
  test('bytes go both ways at once, whole and in order', async () => {
    const hosts = new Hosts({ link: { ...LINK, rate: 100e6 } })
    await hosts.run(async () => {
      const { client, server } = await connected(facade, hosts)
      const [there, back] = [pattern(300_000, 1), pattern(200_001, 2)]
      const send = async (channel: Channel, bytes: Uint8Array): Promise<void> => {
        for (let at = 0; at < bytes.length; at += 7777) await channel.write(bytes.subarray(at, at + 7777))
        await channel.end()
      }
      const [, , atServer, atClient] = await Promise.all([
        send(client, there), send(server, back), readAll(server), readAll(client),
      ])
      expect(digest(atServer)).toBe(digest(there))
      expect(digest(atClient)).toBe(digest(back))
      expect(await Promise.all([fate(client.closed), fate(server.closed)])).toEqual(['ok', 'ok'])
      await Promise.all([client.close(), server.close()])
    })
    await expectBaseline(hosts)
  })

  test.each(['client', 'server'] as const)('half-close: the %s ends its direction and still receives all of the other', async (first) => {
    const hosts = new Hosts({ link: LINK })
    await hosts.run(async () => {
      const ends = await connected(facade, hosts)
      const [closer, other] = first === 'client' ? [ends.client, ends.server] : [ends.server, ends.client]
      await closer.write(pattern(10))
      await closer.end()
      expect(digest(await readAll(other))).toBe(digest(pattern(10)))
      expect(closer.socket.state).toBe('FIN-WAIT-2')
      expect(other.socket.state).toBe('CLOSE-WAIT')
      await hosts.sleep(10_000)
      const late = pattern(100_000)
      const [received] = await Promise.all([readAll(closer), other.write(late).then(() => other.end())])
      expect(digest(received)).toBe(digest(late))
      expect(await fate(closer.write(pattern(1)))).not.toBe('ok')
      await Promise.all([closer.close(), other.close()])
    })
    await expectBaseline(hosts)
  })

  test('a chunk larger than all buffers goes through, into reads of any size', async () => {
    const hosts = new Hosts({ link: { delay: 1 } })
    await hosts.run(async () => {
      const { client, server } = await connected(facade, hosts)
      const sent = pattern(5_000_000)
      const [, received] = await Promise.all([
        client.write(sent).then(() => client.end()),
        readAll(server, 1001).then(async (bytes) => {
          await server.end()
          return bytes
        }),
      ])
      expect(digest(received)).toBe(digest(sent))
      expect(await client.read()).toBe(null)
      await Promise.all([client.close(), server.close()])
    })
    await expectBaseline(hosts)
  })

  test('backpressure: a reader that does not read stops the writer, and its memory is bounded', async () => {
    const hosts = new Hosts({ link: LINK, tcp: { sendBuffer: 65_536, receiveBuffer: 65_536 } })
    await hosts.run(async () => {
      const { client, server } = await connected(facade, hosts)
      const sent = pattern(1_000_000)
      let written = 0
      const writing = (async () => {
        for (; written < sent.length; written += 10_000) await client.write(sent.subarray(written, written + 10_000))
        await client.end()
      })()
      await hosts.sleep(120_000)
      // One chunk may be under way, and a stream holds one more queue of its own.
      expect(written).toBeGreaterThanOrEqual(65_536)
      expect(written).toBeLessThanOrEqual(2 * 65_536 + 2 * 10_000)
      expect(server.socket.receiveQueue).toBeLessThanOrEqual(65_536)
      expect(hosts.client.accounting().memory.used).toBeLessThanOrEqual(65_536)
      expect(hosts.server.accounting().memory.used).toBeLessThanOrEqual(65_536)
      const [received] = await Promise.all([readAll(server), writing])
      expect(digest(received)).toBe(digest(sent))
      await Promise.all([client.close(), server.close()])
    })
    await expectBaseline(hosts)
  })

  test('an abort resets the connection: pending reads and writes of the peer reject with ECONNRESET', async () => {
    const hosts = new Hosts({ link: LINK, tcp: { sendBuffer: 4096, receiveBuffer: 4096 } })
    await hosts.run(async () => {
      const { client, server } = await connected(facade, hosts)
      const reading = fate(client.read())
      const writing = fate(client.write(pattern(100_000)))
      await hosts.sleep(100)
      server.abort()
      const fates = await Promise.all([reading, writing])
      expect(fates).toContain('ECONNRESET')
      for (const one of fates) expect(['ECONNRESET', 'EPIPE']).toContain(one)
      expect(await fate(client.closed)).toBe('ECONNRESET')
      expect(await fate(client.write(pattern(1)))).not.toBe('ok')
      await Promise.all([client.close(), server.close()])
    })
    await expectBaseline(hosts)
  })

  test('what came before a reset can still be read', async () => {
    const hosts = new Hosts({ link: LINK })
    await hosts.run(async () => {
      const { client, server } = await connected(facade, hosts)
      await server.write(pattern(5000))
      await hosts.sleep(1000)
      server.abort()
      await hosts.sleep(1000)
      expect(digest(await readExactly(client, 5000))).toBe(digest(pattern(5000)))
      expect(await fate(client.read())).toBe('ECONNRESET')
      await Promise.all([client.close(), server.close()])
    })
    await expectBaseline(hosts)
  })

  test('what was written before close() arrives, however slow the peer reads', async () => {
    const hosts = new Hosts({ link: LINK, tcp: { initialBuffer: 1 << 20, receiveBuffer: 8192 } })
    await hosts.run(async () => {
      const { client, server } = await connected(facade, hosts)
      const sent = pattern(100_000)
      await client.write(sent)
      const closing = client.close()
      const chunks: Uint8Array[] = []
      for (let chunk = await server.read(3000); chunk !== null; chunk = await server.read(3000)) {
        chunks.push(chunk)
        await hosts.sleep(50)
      }
      expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(sent.length)
      await server.close()
      await closing
    })
    await expectBaseline(hosts)
  })

  test('a port where nobody listens refuses', async () => {
    const hosts = new Hosts({ link: LINK })
    await hosts.run(async () => {
      const error: unknown = await facade.connect(hosts.client, '10.0.0.2', 81).catch((reason: unknown) => reason)
      expect(error).toMatchObject({
        name: 'SocketError', code: 'ECONNREFUSED', errno: -111, syscall: 'connect', address: '10.0.0.2', port: 81,
        message: 'connect ECONNREFUSED 10.0.0.2:81',
      })
    })
    expect(hosts.now).toBe(20)
    await expectBaseline(hosts)
  })

  test('a host without a route is unreachable at once', async () => {
    const hosts = new Hosts({ link: LINK })
    await hosts.run(async () => {
      expect(await fate(facade.connect(hosts.client, '192.0.2.1', 80))).toBe('ENETUNREACH')
    })
    await expectBaseline(hosts)
  })

  test('RFC 9293 MUST-23: a peer that never answers a SYN times out after three minutes', async () => {
    const hosts = new Hosts({ link: { ...LINK, loss: 1 } })
    await hosts.run(async () => {
      expect(await fate(facade.connect(hosts.client, '10.0.0.2', 80))).toBe('ETIMEDOUT')
    })
    expect(hosts.now).toBeGreaterThanOrEqual(180_000)
    await expectBaseline(hosts)
  })

  test('a peer that falls silent times out while data is unacknowledged', async () => {
    const hosts = new Hosts({ link: LINK })
    await hosts.run(async () => {
      const { client, server } = await connected(facade, hosts)
      hosts.link!.change('aToB', { loss: 1 })
      const reading = fate(client.read())
      await client.write(pattern(1))
      expect(await reading).toBe('ETIMEDOUT')
      expect(await fate(client.closed)).toBe('ETIMEDOUT')
      await client.close()
      server.abort()
    })
    await expectBaseline(hosts)
  })

  test('IPv6 and IPv4 reach one listener on ::', async () => {
    const hosts = new Hosts({ link: LINK })
    await hosts.run(async () => {
      const listener = facade.listen(hosts.server, { hostname: '::' })
      for (const hostname of ['fd00::2', '10.0.0.2']) {
        const [client, server] = await Promise.all([facade.connect(hosts.client, hostname, listener.port), listener.accept()])
        expect(client.socket.remoteAddress).toEqual({ hostname, port: listener.port })
        expect(server.socket.localAddress).toEqual({ hostname, port: listener.port })
        expect(server.socket.remoteAddress).toEqual(client.socket.localAddress)
        await client.write(pattern(3))
        expect(digest(await readExactly(server, 3))).toBe(digest(pattern(3)))
        await Promise.all([client.close(), server.close()])
      }
      listener.close()
    })
    await expectBaseline(hosts)
  })

  test('a host talks to itself over the loopback', async () => {
    const hosts = new Hosts()
    await hosts.run(async () => {
      for (const hostname of ['localhost', '::1', '10.0.0.1']) {
        const listener = facade.listen(hosts.client, { hostname: '::' })
        const [client, server] = await Promise.all([facade.connect(hosts.client, hostname, listener.port), listener.accept()])
        await Promise.all([client.write(pattern(100_000)).then(() => client.end()), server.end()])
        expect(digest(await readAll(server))).toBe(digest(pattern(100_000)))
        await Promise.all([client.close(), server.close()])
        listener.close()
      }
    })
    await expectBaseline(hosts)
  })

  test('connections wait in the backlog until accepted; beyond it they wait in the network', async () => {
    const hosts = new Hosts({ link: LINK })
    await hosts.run(async () => {
      const listener = facade.listen(hosts.server, { backlog: 2 })
      const connecting = Array.from({ length: 4 }, () => facade.connect(hosts.client, '10.0.0.2', listener.port))
      await hosts.sleep(500)
      expect(hosts.server.netstat().find(({ state }) => state === 'LISTEN')).toMatchObject({ receiveQueue: 2, sendQueue: 2 })
      const accepted: Channel[] = []
      for (let i = 0; i < 4; i++) accepted.push(await listener.accept())
      const clients = await Promise.all(connecting)
      listener.close()
      await Promise.all([...clients, ...accepted].map((channel) => channel.close()))
    })
    await expectBaseline(hosts)
  })

  test('closing a listener resets who was not accepted', async () => {
    const hosts = new Hosts({ link: LINK })
    await hosts.run(async () => {
      const listener = facade.listen(hosts.server)
      const client = await facade.connect(hosts.client, '10.0.0.2', listener.port)
      const waiting = hosts.sleep(100).then(() => listener.close())
      expect(await fate(client.read())).toBe('ECONNRESET')
      await waiting
      expect(await fate(facade.connect(hosts.client, '10.0.0.2', listener.port))).toBe('ECONNREFUSED')
      await client.close()
    })
    await expectBaseline(hosts)
  })

  /** What an end may do to its half of the connection. */
  const acts: Record<string, (channel: Channel) => Promise<unknown>> = {
    end: (channel) => fate(channel.end()),
    close: (channel) => channel.close(),
    abort: (channel) => Promise.resolve(channel.abort()),
  }
  const names = Object.keys(acts)
  const orders = names.flatMap((a) => names.flatMap((b) => ['client first', 'server first', 'both at once'].map((who) => [a, b, who] as const)))

  test.each(orders)('every promise settles and nothing stays: client %s, server %s, %s', async (atClient, atServer, who) => {
    for (const data of [0, 50_000]) {
      const hosts = new Hosts({ link: LINK, tcp: { sendBuffer: 65_536, receiveBuffer: 16_384 } })
      await hosts.run(async () => {
        const { client, server } = await connected(facade, hosts)
        const pending: Promise<unknown>[] = []
        if (data > 0) {
          pending.push(fate(client.write(pattern(data))), fate(server.write(pattern(data))), fate(client.read(100)))
          if (who !== 'both at once') pending.push(hosts.sleep(35))
        }
        const steps = [() => acts[atClient]!(client), () => acts[atServer]!(server)]
        if (who === 'server first') steps.reverse()
        for (const [i, step] of steps.entries()) {
          pending.push(step())
          if (who !== 'both at once') await hosts.sleep(i === 0 ? 15 : 1000)
        }
        // Nobody reads: the ends that wait for acknowledgments would wait as long as the peer lives.
        await hosts.sleep(60_000)
        client.abort()
        server.abort()
        await Promise.all(pending)
        await Promise.all([fate(client.closed), fate(server.closed)])
        await Promise.all([client.close(), server.close()])
      })
      await expectBaseline(hosts)
    }
  })

  test('an abort at any moment of a conversation settles everything and leaves nothing', async () => {
    const conversation = async (hosts: Hosts, step: () => void, ends: Channel[]): Promise<void> => {
      const listener = facade.listen(hosts.server)
      const serve = async (): Promise<void> => {
        const server = await listener.accept()
        ends.push(server)
        step()
        await server.write(await readExactly(server, 20_000))
        step()
        await server.end()
        step()
        await readAll(server)
        step()
      }
      const ask = async (): Promise<void> => {
        const client = await facade.connect(hosts.client, '10.0.0.2', listener.port)
        ends.push(client)
        step()
        await client.write(pattern(20_000))
        step()
        await readAll(client)
        step()
        await client.end()
        step()
      }
      const fates = [fate(serve()), fate(ask())]
      try {
        await Promise.all(fates)
      } finally {
        listener.close()
      }
    }
    for (let at = 1; at <= 8; at++) {
      for (const which of [0, 1]) {
        const hosts = new Hosts({ link: LINK, tcp: { sendBuffer: 8192, receiveBuffer: 8192 } })
        const ends: Channel[] = []
        let steps = 0
        await hosts.run(async () => {
          const talk = conversation(hosts, () => {
            if (++steps === at) ends[Math.min(which, ends.length - 1)]!.abort()
          }, ends)
          await Promise.race([talk, hosts.sleep(3_600_000)])
          await Promise.all(ends.map((end) => end.close()))
          await talk
        })
        await expectBaseline(hosts)
      }
    }
  })

  test('closing the stack settles everything: ECANCELED here, ECONNRESET there', async () => {
    const hosts = new Hosts({ link: LINK, tcp: { sendBuffer: 4096, receiveBuffer: 4096 } })
    await hosts.run(async () => {
      const { client, server } = await connected(facade, hosts)
      const listener = facade.listen(hosts.client)
      const pending = [
        fate(client.read()), fate(client.write(pattern(100_000))), fate(client.closed), fate(listener.accept()),
        fate(facade.connect(hosts.client, '10.0.0.77', 80)),
      ]
      const there = fate(server.read().then(() => server.read()).then(() => readAll(server)))
      await hosts.sleep(5)
      hosts.client.close()
      hosts.client.close()
      expect(await Promise.all(pending)).toEqual(Array.from(pending, () => 'ECANCELED'))
      expect(await there).toBe('ECONNRESET')
      expect(await fate(Promise.resolve().then(() => facade.connect(hosts.client, '10.0.0.2', 80)))).toBe('ENETDOWN')
      expect(await fate(client.read())).toBe('ECANCELED')
      await Promise.all([client.close(), server.close()])
    })
    await expectBaseline(hosts)
  })
})

test('every facade takes every other for a peer', async () => {
  for (const one of facades) {
    for (const other of facades) {
      const hosts = new Hosts({ link: LINK })
      await hosts.run(async () => {
        const listener = other.listen(hosts.server)
        const [client, server] = await Promise.all([one.connect(hosts.client, '10.0.0.2', listener.port), listener.accept()])
        const [received] = await Promise.all([readAll(server), client.write(pattern(70_000)).then(() => client.end()), server.end()])
        expect(digest(received)).toBe(digest(pattern(70_000)))
        listener.close()
        await Promise.all([client.close(), server.close()])
      })
      await expectBaseline(hosts)
    }
  }
})

