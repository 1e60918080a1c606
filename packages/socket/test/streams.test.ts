import { expect, test } from 'vitest'
import type { TcpConnection } from '../src/index.ts'
import { fate } from './support/channels.ts'
import { digest, Hosts, pattern, StreamHash } from './support/hosts.ts'

const LINK = { delay: 10, rate: 100e6 }

async function connected(hosts: Hosts): Promise<{ client: TcpConnection, server: TcpConnection }> {
  const listener = hosts.server.listen({ port: 80 })
  const [client, server] = await Promise.all([hosts.client.connect({ hostname: '10.0.0.2', port: 80 }), listener.accept()])
  listener.close()
  return { client, server }
}

test('streams are made when first asked for, once', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client } = await connected(hosts)
    expect(client.readable).toBe(client.readable)
    expect(client.writable).toBe(client.writable)
  })
})

test('an echo by pipeTo: every byte comes back', async () => {
  const hosts = new Hosts({ link: { ...LINK, loss: 0.01, seed: 5 } })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const echoing = server.readable.pipeTo(server.writable)
    const sent = pattern(2_000_000)
    const writer = client.writable.getWriter()
    const writing = (async () => {
      for (let at = 0; at < sent.length; at += 50_000) await writer.write(sent.slice(at, at + 50_000))
      await writer.close()
    })()
    const hash = new StreamHash()
    for await (const chunk of client.readable) hash.update(chunk)
    expect(hash.digest).toBe(digest(sent))
    await Promise.all([echoing, writing, client.closed, server.closed])
  })
})

test('small writes reach the reader as large chunks, of 64 KiB at most', async () => {
  const hosts = new Hosts({ link: { delay: 1 }, tcp: { initialBuffer: 1 << 19 } })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    for (let i = 0; i < 3000; i++) await client.write(pattern(100))
    await hosts.sleep(1000)
    const reader = server.readable.getReader()
    const lengths: number[] = []
    for (let total = 0; total < 300_000;) {
      const { value } = await reader.read()
      lengths.push(value!.length)
      total += value!.length
    }
    expect(lengths).toEqual([65_536, 65_536, 65_536, 65_536, 300_000 - 4 * 65_536])
  })
})

test('the writable takes every BufferSource and nothing else', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const writer = client.writable.getWriter() as WritableStreamDefaultWriter<unknown>
    const memory = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7)
    await writer.write(memory.buffer)
    await writer.write(new DataView(memory.buffer, 2, 3))
    await writer.write(new Uint16Array(memory.buffer, 6, 1))
    await writer.write(new Uint8Array(0))
    await hosts.sleep(1000)
    const into = new Uint8Array(100)
    const count = await server.read(into)
    expect([...into.subarray(0, count!)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 2, 3, 4, 6, 7])
    expect(await fate(writer.write('text'))).toMatch(/^TypeError: chunk is string/)
  })
})

test('BYOB: bytes go to the reader’s own buffer; at the end it comes back empty', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    await client.write(pattern(10))
    const ending = client.closeWrite()
    const reader = server.readable.getReader({ mode: 'byob' })
    const first = await reader.read(new Uint8Array(4))
    expect([first.done, first.value]).toEqual([false, pattern(10).slice(0, 4)])
    const second = await reader.read(new Uint8Array(100))
    expect([second.done, second.value]).toEqual([false, pattern(10).slice(4)])
    const last = await reader.read(new Uint8Array(50))
    expect([last.done, last.value?.length, last.value?.buffer.byteLength]).toEqual([true, 0, 50])
    await ending
  })
})

test('backpressure: ready waits for the peer to read', async () => {
  const hosts = new Hosts({ link: LINK, tcp: { sendBuffer: 16_384, receiveBuffer: 16_384 } })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const writer = client.writable.getWriter()
    let written = 0
    const writing = (async () => {
      for (let i = 0; i < 100; i++) {
        await writer.ready
        void writer.write(pattern(10_000)).catch(() => undefined)
        written += 10_000
      }
      await writer.close()
    })()
    await hosts.sleep(60_000)
    expect(written).toBeLessThanOrEqual(2 * 16_384 + 65_536 + 20_000)
    const hash = new StreamHash()
    for await (const chunk of server.readable) hash.update(chunk)
    expect(hash.length).toBe(1_000_000)
    await writing
  })
})

test('cancelling the readable throws the rest away and leaves the other direction alone', async () => {
  const hosts = new Hosts({ link: LINK, tcp: { receiveBuffer: 8192 } })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const reader = server.readable.getReader()
    await client.write(pattern(100))
    await reader.read()
    await reader.cancel()
    expect((await reader.read()).done).toBe(true)
    // Far more than the window.
    expect(await client.write(pattern(100_000))).toBe(100_000)
    await client.closeWrite()
    await server.write(pattern(7))
    expect(await client.read(new Uint8Array(100))).toBe(7)
    await server.closeWrite()
    expect(await client.read(new Uint8Array(1))).toBe(null)
    await Promise.all([client.closed, server.closed])
    expect(hosts.server.accounting().protocols['tcp']).toMatchObject({ sockets: 0, bytes: 0 })
  })
})

test('aborting the writable resets; the peer’s streams reject', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const reader = server.readable.getReader()
    const writer = server.writable.getWriter()
    const reading = fate(reader.read())
    await hosts.sleep(100)
    await client.writable.abort(new Error('changed my mind'))
    expect(await reading).toBe('ECONNRESET')
    expect(await fate(reader.closed)).toBe('ECONNRESET')
    expect(await fate(writer.closed)).toBe('ECONNRESET')
    expect(await fate(writer.write(pattern(1)))).toBe('ECONNRESET')
    expect(await fate(client.closed)).toBe('ECONNABORTED')
  })
})

test('a broken connection breaks streams that nobody is using, and those made later', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const idle = { reader: client.readable.getReader(), writer: client.writable.getWriter() }
    server.abort()
    await hosts.sleep(100)
    expect(await Promise.all([idle.reader.closed, idle.writer.closed, idle.writer.ready].map(fate)))
      .toEqual(['ECONNRESET', 'ECONNRESET', 'ECONNRESET'])
    expect(await fate(server.readable.getReader().read())).toBe('ECONNABORTED')
    expect(await fate(server.writable.getWriter().closed)).toBe('ECONNABORTED')
  })
})

test('what came before a reset is read first, by a reader that was there before too', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const reader = client.readable.getReader()
    await server.write(pattern(5))
    await hosts.sleep(100)
    server.abort()
    await hosts.sleep(100)
    expect((await reader.read()).value).toEqual(pattern(5))
    expect(await fate(reader.read())).toBe('ECONNRESET')
  })
})

test('a stream and read() share one line: each gets its part, and both hear of the end', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const first = client.read(new Uint8Array(3))
    const second = fate(client.readable.getReader().read())
    await hosts.sleep(10)
    // Text and a reset come in together.
    await server.write(pattern(3))
    hosts.server.poll()
    server.abort()
    expect(await first).toBe(3)
    expect(await second).toBe('ECONNRESET')
  })
})

test('close() ends the readable for who is reading, and for who comes later', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const reading = client.readable.getReader().read()
    const byob = server.readable.getReader({ mode: 'byob' }).read(new Uint8Array(8))
    await hosts.sleep(100)
    await Promise.all([client.close(), server.close()])
    expect((await reading).done).toBe(true)
    expect((await byob).done).toBe(true)
    const again = await connected(hosts)
    await again.client.close()
    expect((await again.client.readable.getReader().read()).done).toBe(true)
  })
})

test('pipeTo with a signal: abort at any time settles', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const abort = new AbortController()
    const piping = fate(server.readable.pipeTo(server.writable, { signal: abort.signal }))
    await client.write(pattern(10_000))
    await hosts.sleep(15)
    abort.abort(new Error('stop'))
    expect(await piping).toBe('Error: stop')
    expect(await fate(server.closed)).toBe('ECONNABORTED')
    expect(await fate(client.closed)).toBe('ECONNRESET')
  })
})

test('streams are never touched from inside the stack’s poll: engines differ in what they run at once', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    let polling = false
    for (const stack of [hosts.client, hosts.server]) {
      const poll = stack.poll.bind(stack)
      stack.poll = (now) => {
        polling = true
        try {
          return poll(now)
        } finally {
          polling = false
        }
      }
    }
    const touched: string[] = []
    const { socket } = server
    const recv = socket.recv.bind(socket)
    socket.recv = (into, start, end) => {
      const count = recv(into, start, end)
      if (count >= 0) touched.push(`${count} ${polling ? 'in' : 'after'} poll`)
      return count
    }
    const reading = (async () => {
      for await (const chunk of server.readable) expect(chunk.length).toBeGreaterThan(0)
    })()
    for (const length of [10, 20]) {
      await client.write(pattern(length))
      await hosts.sleep(100)
    }
    await Promise.all([client.closeWrite(), reading])
    expect(touched).toEqual(['10 after poll', '20 after poll', '0 after poll'])
  })
})
