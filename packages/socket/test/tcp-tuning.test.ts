import { describe, expect, test } from 'vitest'
import type { TcpConnection, TcpTuning } from '../src/index.ts'
import { fate } from './support/channels.ts'
import { digest, Hosts, pattern } from './support/hosts.ts'

const tuning: TcpTuning = {
  noDelay: true, keepAlive: true, keepAliveInitialDelay: 1500, linger: 2500, userTimeout: 120_000, trafficClass: 0xb8, hopLimit: 9,
}
const settings = {
  noDelay: true, keepAlive: true, keepAliveIdle: 1500, linger: 2500, userTimeout: 120_000, trafficClass: 0xb8, hopLimit: 9,
}

/** A connection to port 80 of the server, as both ends have it. */
async function open(hosts: Hosts, client: TcpTuning = {}, server: TcpTuning = {}): Promise<[TcpConnection, TcpConnection]> {
  const listener = hosts.server.listen({ port: 80, ...server })
  return Promise.all([hosts.client.connect({ hostname: '10.0.0.2', port: 80, ...client }), listener.accept()])
}

describe('connect, listen and datagram take options', () => {
  test('connect and listen: what the connection does; a listener passes it on', async () => {
    const hosts = new Hosts()
    await hosts.run(async () => {
      const [client, server] = await open(hosts, tuning, { ...tuning, hopLimit: 11 })
      expect(client.socket.parts.connection!.settings).toMatchObject(settings)
      expect(server.socket.parts.connection!.settings).toMatchObject({ ...settings, hopLimit: 11 })
      server.configure({ linger: -1, noDelay: false, trafficClass: 3 })
      expect(server.socket.parts.connection!.settings)
        .toMatchObject({ ...settings, hopLimit: 11, linger: -1, noDelay: false, trafficClass: 0 })
      expect(server.socket.info()!.timers.keepAlive).toBeDefined()
      for (const connection of [client, server]) connection.abort()
    })
  })

  test('without them nothing differs from the stack', async () => {
    const hosts = new Hosts({ tcp: { keepAlive: true, keepAliveIdle: 5000 } })
    await hosts.run(async () => {
      for (const connection of await open(hosts)) {
        expect(connection.socket.parts.connection!.settings)
          .toMatchObject({ noDelay: false, keepAlive: true, keepAliveIdle: 5000, linger: -1 })
        connection.abort()
      }
    })
  })

  test('figures out of range throw RangeError, and no socket is left open', async () => {
    const hosts = new Hosts()
    const bad: TcpTuning[] = [
      { keepAliveInitialDelay: 0 }, { linger: -2 }, { linger: NaN }, { userTimeout: 0 }, { trafficClass: 256 }, { hopLimit: -1 },
    ]
    for (const options of bad) {
      const message = `${Object.keys(options)[0]} is ${Object.values(options)[0]}, expected a number from`
      expect(() => hosts.server.listen({ port: 80, ...options })).toThrow(message)
      expect(await fate(hosts.client.connect({ hostname: '10.0.0.2', port: 80, ...options }))).toContain(message)
    }
    expect(() => hosts.server.listen({ port: 80, halfOpen: 0 })).toThrow('halfOpen is 0, expected a number from 1 to 65535')
    expect(() => hosts.server.listen({ port: 80, deferAccept: -1 })).toThrow('deferAccept is -1')
    expect(() => hosts.server.listen({ port: 80, fastOpen: 70_000 })).toThrow('fastOpen is 70000')
    expect(() => hosts.server.datagram({ hopLimit: 256 })).toThrow('hopLimit is 256, expected an integer from 0 to 255')
    expect(() => hosts.server.datagram({ trafficClass: 0.5 })).toThrow('trafficClass is 0.5')
    for (const stack of [hosts.client, hosts.server]) {
      expect(Object.values(stack.accounting().protocols).map(({ sockets }) => sockets)).toEqual([0, 0])
    }
  })

  test('listen: half-open cap, deferred accept and fast open reach the listener', () => {
    const hosts = new Hosts()
    hosts.server.listen({ port: 80, halfOpen: 3, deferAccept: 1500, fastOpen: 4, reuseAddress: true })
    const [socket] = hosts.server.sockets('stream')
    expect((['TCP_MAX_SYN_BACKLOG', 'TCP_DEFER_ACCEPT', 'TCP_FASTOPEN', 'SO_REUSEADDR'] as const).map((name) => socket!.getsockopt(name)))
      .toEqual([3, 2, 4, 1])
    expect(socket!.parts.listener!.options.deferAccept).toBe(1500)
  })

  test('datagram: hop limit, traffic class and no fragments', async () => {
    const packets: number[][] = []
    const packetOut = (index: number, bytes: Uint8Array, start: number): void => {
      if (index > 0 && bytes[start + 9] === 17) packets.push([bytes[start + 1]!, bytes[start + 8]!])
    }
    const hosts = new Hosts({ client: { observer: { packetOut } } })
    const datagram = hosts.client.datagram({ hopLimit: 5, trafficClass: 0x20, dontFragment: true })
    await hosts.run(async () => {
      await datagram.send(pattern(10), { hostname: '10.0.0.2', port: 9 })
      expect(await fate(datagram.send(pattern(3000), { hostname: '10.0.0.2', port: 9 }))).toBe('EMSGSIZE')
    })
    expect(packets).toEqual([[0x20, 5]])
  })
})

describe('fast open (RFC 7413)', () => {
  test('the bytes go with the SYN once the server is known, are there before the handshake ends, and come once', async () => {
    const hosts = new Hosts()
    await hosts.run(async () => {
      const listener = hosts.server.listen({ port: 80, fastOpen: 16 })
      for (const round of [1, 2]) {
        const connecting = hosts.client.connect({ hostname: '10.0.0.2', port: 80, fastOpen: pattern(1000, round) })
        const accepted = await listener.accept()
        expect(accepted.socket.info()!.fastOpen).toBe(round === 1 ? 'off' : 'server')
        const client = await connecting
        const whole = accepted.readable
        await client.write(pattern(500, 3))
        void client.close()
        const received = new Uint8Array(await new Response(whole).arrayBuffer())
        expect(digest(received)).toBe(digest(Uint8Array.of(...pattern(1000, round), ...pattern(500, 3))))
        await accepted.close()
      }
    })
  })

  test('more than the send buffer holds is sent all the same', async () => {
    const hosts = new Hosts()
    await hosts.run(async () => {
      const listener = hosts.server.listen({ port: 80, fastOpen: 16 })
      const client = await hosts.client.connect({ hostname: '10.0.0.2', port: 80, fastOpen: pattern(300_000) })
      const accepted = await listener.accept()
      const reading = new Response(accepted.readable).arrayBuffer()
      await client.close()
      expect(digest(new Uint8Array(await reading))).toBe(digest(pattern(300_000)))
      await accepted.close()
    })
  })

  test('a refused connection rejects, and the bytes make no noise', async () => {
    const hosts = new Hosts()
    expect(await hosts.run(() => fate(hosts.client.connect({ hostname: '10.0.0.2', port: 81, fastOpen: pattern(10) })))).toBe('ECONNREFUSED')
  })
})

describe('close with a linger time', () => {
  test('0: resets at once, as abort', async () => {
    const hosts = new Hosts()
    await hosts.run(async () => {
      const [client, server] = await open(hosts, { linger: 0 })
      await client.write(pattern(10))
      await client.close()
      expect(await fate(client.closed)).toBe('ECONNABORTED')
      expect(await fate(server.closed)).toBe('ECONNRESET')
    })
  })

  test('above 0: rejects with ETIMEDOUT when the peer does not take everything in time, and both ends are reset', async () => {
    const hosts = new Hosts()
    await hosts.run(async () => {
      const [client, server] = await open(hosts, { linger: 3000 })
      await client.write(pattern(60_000))
      void client.write(pattern(2_000_000)).catch(() => undefined)
      const begin = hosts.now
      expect(await fate(client.close())).toBe('ETIMEDOUT')
      expect(Math.round(hosts.now - begin)).toBe(3000)
      expect([await fate(client.closed), await fate(server.closed)]).toEqual(['ETIMEDOUT', 'ECONNRESET'])
      expect(await fate(client.close())).toBe('ETIMEDOUT')
    })
  })

  test('above 0: resolves when everything was acknowledged in time', async () => {
    const hosts = new Hosts({ link: { delay: 50 } })
    await hosts.run(async () => {
      const [client, server] = await open(hosts, { linger: 3000 })
      await client.write(pattern(60_000))
      const reading = new Response(server.readable).arrayBuffer()
      await client.close()
      expect((await reading).byteLength).toBe(60_000)
      await server.close()
      expect(await fate(client.closed)).toBe('ok')
    })
  })

  test('above 0: a peer that goes on sending does not end it early', async () => {
    const hosts = new Hosts({ link: { delay: 50, rate: 1e6 } })
    await hosts.run(async () => {
      const [client, server] = await open(hosts, { linger: 30_000 })
      await client.write(pattern(60_000))
      await server.write(pattern(60_000))
      const reading = new Response(server.readable).arrayBuffer().catch(() => new ArrayBuffer(0))
      await client.close()
      expect((await reading).byteLength).toBe(60_000)
    })
  })

  test('above 0: rejects with what broke the connection before', async () => {
    const hosts = new Hosts()
    await hosts.run(async () => {
      const [client, server] = await open(hosts, { linger: 3000 })
      server.abort()
      await hosts.sleep(1)
      await client.write(pattern(10)).catch(() => undefined)
      expect(await fate(client.close())).toBe('ECONNRESET')
    })
  })
})
