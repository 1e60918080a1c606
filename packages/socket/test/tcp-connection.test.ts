import { expect, test } from 'vitest'
import type { TcpConnection } from '../src/index.ts'
import { Listener, SocketError, TcpConnection as Connection } from '../src/index.ts'
import { fate } from './support/channels.ts'
import { digest, Hosts, pattern, StreamHash } from './support/hosts.ts'

const LINK = { delay: 10 }

async function connected(hosts: Hosts): Promise<{ client: TcpConnection, server: TcpConnection }> {
  const listener = hosts.server.listen({ port: 80 })
  const [client, server] = await Promise.all([hosts.client.connect({ hostname: '10.0.0.2', port: 80 }), listener.accept()])
  listener.close()
  return { client, server }
}

test('both ends know both addresses, and opened tells them', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    expect(client.remoteAddress).toEqual({ hostname: '10.0.0.2', port: 80 })
    expect(server.localAddress).toEqual(client.remoteAddress)
    expect(server.remoteAddress).toEqual(client.localAddress)
    expect((await client.opened).localAddress).toEqual(client.localAddress)
    expect((await server.opened).remoteAddress).toEqual(server.remoteAddress)
  })
})

test('reads and writes wait in line', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const [one, two] = [new Uint8Array(3), new Uint8Array(5)]
    const reads = Promise.all([server.read(one), server.read(two)])
    const writes = [client.write(pattern(3, 1)), client.write(pattern(5, 2)), client.closeWrite()]
    expect(await reads).toEqual([3, 5])
    expect([one, two]).toEqual([pattern(3, 1), pattern(5, 2)])
    expect(await Promise.all(writes)).toEqual([3, 5, undefined])
    expect(await server.read(one)).toBe(null)
    expect(await server.read(one)).toBe(null)
    expect(await server.read(new Uint8Array(0))).toBe(0)
    expect(await fate(client.write(pattern(1)))).toBe('EPIPE')
    expect(await server.write(new Uint8Array(0))).toBe(0)
  })
})

test('a signal gives up connecting, and nothing of it stays', async () => {
  const hosts = new Hosts({ link: { ...LINK, loss: 1 } })
  await hosts.run(async () => {
    expect(await fate(hosts.client.connect({ hostname: '10.0.0.2', port: 80, signal: AbortSignal.abort('early') }))).toBe('early')
    const abort = new AbortController()
    const connecting = fate(hosts.client.connect({ hostname: '10.0.0.2', port: 80, signal: abort.signal }))
    await hosts.sleep(5000)
    expect(hosts.client.netstat()).toMatchObject([{ state: 'SYN-SENT' }])
    abort.abort('late')
    expect(await connecting).toBe('late')
    await hosts.sleep(1)
    expect(hosts.client.netstat()).toEqual([])
    expect(hosts.client.accounting().protocols['tcp']).toEqual({ sockets: 0, flows: 0, timers: 0, bytes: 0 })
  })
})

test('a signal after connecting means nothing', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    hosts.server.listen({ port: 80 })
    const abort = new AbortController()
    const client = await hosts.client.connect({ hostname: '10.0.0.2', port: 80, signal: abort.signal })
    abort.abort()
    expect(await client.write(pattern(4))).toBe(4)
  })
})

test('a signal gives up an accept, a read or a write; the others go on', async () => {
  const hosts = new Hosts({ link: LINK, tcp: { sendBuffer: 4096, receiveBuffer: 4096 } })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const abort = new AbortController()
    const { signal } = abort
    const listener = hosts.server.listen({ port: 81 })
    const accepting = [fate(listener.accept({ signal })), fate(listener.accept())]
    const reading = [fate(server.read(new Uint8Array(9), { signal })), server.read(new Uint8Array(9))]
    abort.abort('enough')
    expect(await accepting[0]).toBe('enough')
    expect(await reading[0]).toBe('enough')
    await Promise.all([hosts.client.connect({ hostname: '10.0.0.2', port: 81 }), client.write(pattern(9))])
    expect(await accepting[1]).toBe('ok')
    expect(await reading[1]).toBe(9)

    const again = new AbortController()
    const writing = [fate(client.write(pattern(100_000), { signal: again.signal })), fate(client.write(pattern(5, 7)))]
    await hosts.sleep(1000)
    again.abort('enough')
    expect(await writing[0]).toBe('enough')
    const finish = Promise.all([writing[1], client.closeWrite()])
    const bytes = new Uint8Array(100_000)
    let count = 0
    for (let n = await server.read(bytes); n !== null; n = await server.read(bytes.subarray(count))) count += n
    expect((await finish)[0]).toBe('ok')
    // What was written of the first one stays, the second one is whole behind it.
    expect(digest(bytes.subarray(0, count - 5))).toBe(digest(pattern(100_000).subarray(0, count - 5)))
    expect(bytes.subarray(count - 5, count)).toEqual(pattern(5, 7))
  })
})

test('close() ends reading at once, and gives everything back when both are done', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    const reading = fate(client.read(new Uint8Array(1)))
    const before = hosts.now
    const closing = client.close()
    expect(await reading).toBe('ECANCELED')
    expect(await fate(client.read(new Uint8Array(1)))).toBe('EBADF')
    expect(await fate(client.write(pattern(1)))).toBe('EPIPE')
    await Promise.all([closing, client.close()])
    // One round trip: our FIN and its acknowledgment (which the peer may delay). The peer's end is not waited for.
    expect(hosts.now - before).toBeLessThanOrEqual(60)
    expect(await fate(client.closed)).toBe('ok')
    await server.close()
    expect(await fate(server.closed)).toBe('ok')
  })
})

test('close() of a connection whose peer is still sending loses nothing of ours', async () => {
  const hosts = new Hosts({ link: LINK, tcp: { sendBuffer: 1 << 17 } })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    await server.write(pattern(50_000))
    await hosts.sleep(1000)
    // 50,000 bytes lie there unread; POSIX close() would reset here, and lose what we write.
    await client.write(pattern(30_000, 3))
    const closing = client.close()
    const hash = new StreamHash()
    const into = new Uint8Array(1000)
    for (let n = await server.read(into); n !== null; n = await server.read(into)) hash.update(into.subarray(0, n))
    await closing
    expect(hash.digest).toBe(digest(pattern(30_000, 3)))
    // What it sends from now on is answered by a reset.
    await server.write(pattern(1))
    expect(await fate(server.closed)).toBe('ECONNRESET')
  })
})

test('closed resolves when both directions have ended, although nobody has read what came', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    await server.write(pattern(5))
    await Promise.all([client.closeWrite(), server.closeWrite()])
    await Promise.all([client.closed, server.closed])
    expect(hosts.now).toBeLessThan(1000)
    expect(await client.read(new Uint8Array(9))).toBe(5)
    expect(await client.read(new Uint8Array(9))).toBe(null)
    expect(hosts.client.accounting().protocols['tcp']!.sockets).toBe(0)
  })
})

test('what the peer does after it has acknowledged all of a closed connection is its own affair', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    await client.write(pattern(10))
    await hosts.sleep(100)
    const closing = client.close()
    for (let i = 0; i < 10; i++) await Promise.resolve()
    // The acknowledgment of our FIN and a reset come in together.
    hosts.client.poll()
    hosts.server.poll()
    server.socket.abort()
    await closing
    expect(await fate(client.closed)).toBe('ok')
  })
})

test('a connection whose two directions ended needs no close()', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    await Promise.all([client.closeWrite(), server.closeWrite()])
    expect(await client.read(new Uint8Array(1))).toBe(null)
    expect(await server.read(new Uint8Array(1))).toBe(null)
    await Promise.all([client.closed, server.closed])
    // TIME-WAIT is no affair of the user's.
    expect(hosts.now).toBeLessThan(1000)
    expect(hosts.client.accounting().protocols['tcp']!.sockets).toBe(0)
    expect(hosts.server.accounting().protocols['tcp']!.sockets).toBe(0)
    await client.close()
    client.abort()
    expect(await fate(client.closed)).toBe('ok')
  })
})

test('abort() rejects all with ECONNABORTED', async () => {
  const hosts = new Hosts({ link: LINK, tcp: { sendBuffer: 4096, receiveBuffer: 4096 } })
  await hosts.run(async () => {
    const { client } = await connected(hosts)
    const pending = [client.read(new Uint8Array(1)), client.write(pattern(100_000)), client.closeWrite(), client.closed].map(fate)
    await hosts.sleep(100)
    client.abort()
    client.abort()
    expect(await Promise.all(pending)).toEqual(Array.from(pending, () => 'ECONNABORTED'))
    expect(await fate(client.read(new Uint8Array(1)))).toBe('ECONNABORTED')
    await client.close()
  })
})

test('await using closes in whatever order, and waits for no one but the network', async () => {
  const hosts = new Hosts({ link: LINK })
  const closed: Promise<string>[] = []
  await hosts.run(async () => {
    await using listener = hosts.server.listen({ port: 80 })
    await using client = await hosts.client.connect({ hostname: '10.0.0.2', port: 80 })
    await using server = await listener.accept()
    await client.write(pattern(10))
    closed.push(fate(client.closed), fate(server.closed))
  })
  expect(hosts.now).toBeLessThan(200)
  expect(await Promise.all(closed)).toEqual(['ok', 'ok'])
})

test('nobody who ignores closed and opened meets an unhandled rejection', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const { client, server } = await connected(hosts)
    server.abort()
    await hosts.sleep(1000)
    expect(await fate(client.write(pattern(1)))).toBe('ECONNRESET')
    const socket = hosts.client.socket('stream')
    socket.connect('10.0.0.2', 81)
    const refused = new Connection(socket, 'connecting')
    await hosts.sleep(1000)
    expect(await fate(refused.opened)).toBe('ECONNREFUSED')
  })
  await new Promise((resolve) => setTimeout(resolve, 0))
})

test('errors of connect and listen name the call and the address', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const caught = async (work: () => unknown): Promise<unknown> => {
      try {
        return await work()
      } catch (error) {
        return error
      }
    }
    const connect = (options: object): Promise<unknown> => caught(() => hosts.client.connect({ hostname: '10.0.0.2', port: 80, ...options }))
    expect(await connect({ local: { hostname: '10.0.0.77' } })).toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'bind' })
    expect(await connect({ hostname: 'example.com' })).toMatchObject({ code: 'EINVAL', syscall: 'connect', address: 'example.com' })
    expect(await connect({ port: 0 })).toMatchObject({ code: 'EINVAL', port: 0 })
    hosts.server.listen({ port: 80 })
    expect(await caught(() => hosts.server.listen({ port: 80 }))).toMatchObject({
      code: 'EADDRINUSE', syscall: 'bind', address: '::', port: 80, message: 'bind EADDRINUSE [::]:80',
    })
    expect(await caught(() => hosts.server.listen({ hostname: '10.9.9.9', port: 80 }))).toBeInstanceOf(SocketError)
    const client = await hosts.client.connect({ hostname: '10.0.0.2', port: 80, local: { port: 1234 }, noDelay: true })
    expect(client.localAddress).toEqual({ hostname: '10.0.0.1', port: 1234 })
    expect(client.socket.getsockopt('TCP_NODELAY')).toBe(1)
    expect(hosts.client.accounting().protocols['tcp']!.sockets).toBe(1)
  })
})

test('a listener is iterated until it closes', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const listener = hosts.server.listen({ port: 0 })
    const { port } = listener.localAddress
    expect(port).toBeGreaterThanOrEqual(49_152)
    const serving = (async () => {
      let count = 0
      for await (const connection of listener) {
        count++
        await connection.close()
      }
      return count
    })()
    for (let i = 0; i < 3; i++) {
      await using client = await hosts.client.connect({ hostname: 'fd00::2', port })
      expect(await client.read(new Uint8Array(1))).toBe(null)
    }
    const pending = fate(listener.accept())
    listener.close()
    listener.close()
    expect(await serving).toBe(3)
    expect(await pending).toBe('ECANCELED')
    expect(await fate(listener.accept())).toBe('ECANCELED')
  })
})

test('a connection that broke before it was accepted is accepted, and says so', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const listener = hosts.server.listen({ port: 80 })
    const client = await hosts.client.connect({ hostname: '10.0.0.2', port: 80 })
    await client.write(pattern(5))
    await hosts.sleep(1000)
    client.abort()
    await hosts.sleep(1000)
    const server = await listener.accept()
    expect(server.remoteAddress).toEqual(client.localAddress)
    expect(await fate(server.closed)).toBe('ECONNRESET')
    expect(await server.read(new Uint8Array(10))).toBe(5)
    expect(await fate(server.read(new Uint8Array(10)))).toBe('ECONNRESET')
    expect(hosts.server.accounting().protocols['tcp']).toEqual({ sockets: 1, flows: 0, timers: 0, bytes: 0 })
  })
})

test('the facades wrap base sockets of yours', async () => {
  const hosts = new Hosts({ link: LINK })
  await hosts.run(async () => {
    const passive = hosts.server.socket('stream')
    passive.setsockopt('SO_RCVBUF', 5000)
    passive.bind('10.0.0.2', 80)
    passive.listen(1)
    const listener = new Listener(passive)
    const active = hosts.client.socket('stream')
    active.connect('10.0.0.2', 80)
    const client = new Connection(active, 'connecting')
    const order: string[] = []
    const [server] = await Promise.all([
      listener.accept().then((connection) => (order.push('accepted'), connection)),
      client.opened.then(() => order.push('opened')),
    ])
    expect(order).toEqual(['opened', 'accepted'])
    expect(server.socket.getsockopt('SO_RCVBUF')).toBe(5000)
  })
})
