import { Readiness } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'
import { expect, test } from 'vitest'
import type { Stack, TcpSocket } from '../src/index.ts'
import { Hosts, pattern } from './support/hosts.ts'

const { EADDRINUSE, EADDRNOTAVAIL, EAGAIN, EALREADY, EBADF, EINPROGRESS, EINVAL, EISCONN, ENOPROTOOPT, ENOTCONN, EPIPE } = Errno

function listening(stack: Stack, hostname: string, port: number): TcpSocket {
  const socket = stack.socket('stream')
  expect(socket.bind(hostname, port)).toBe(0)
  expect(socket.listen()).toBe(0)
  return socket
}

function accepted(listener: TcpSocket): TcpSocket {
  const socket = listener.accept()
  if (typeof socket === 'number') throw new Error(`accept gave ${socket}`)
  return socket
}

/** A client and a server socket, connected. */
async function connection(hosts: Hosts): Promise<{ client: TcpSocket, server: TcpSocket, listener: TcpSocket }> {
  const listener = listening(hosts.server, '10.0.0.2', 80)
  const client = hosts.client.socket('stream')
  expect(client.connect('10.0.0.2', 80)).toBe(EINPROGRESS)
  await hosts.sleep(100)
  return { client, server: accepted(listener), listener }
}

test('calls that need a connection say ENOTCONN, calls on a closed socket EBADF', () => {
  const socket = new Hosts().client.socket('stream')
  const bytes = new Uint8Array(1)
  expect([socket.send(bytes), socket.recv(bytes), socket.shutdown('both'), socket.accept(), socket.listen()])
    .toEqual([ENOTCONN, ENOTCONN, ENOTCONN, EINVAL, EINVAL])
  expect([socket.state, socket.readiness, socket.localAddress, socket.remoteAddress, socket.info()])
    .toEqual(['CLOSED', 0, undefined, undefined, undefined])
  expect(socket.close()).toBe(0)
  expect([
    socket.close(), socket.abort(), socket.send(bytes), socket.recv(bytes), socket.shutdown('write'), socket.accept(), socket.listen(),
    socket.bind('0.0.0.0', 1), socket.connect('10.0.0.2', 1), socket.setsockopt('TCP_NODELAY', 1), socket.getsockopt('SO_ERROR'),
  ]).toEqual(Array.from({ length: 11 }, () => EBADF))
})

test('bytes and ranges that are none throw', () => {
  const socket = new Hosts().client.socket('stream')
  expect(() => socket.send('text' as unknown as Uint8Array)).toThrow(TypeError)
  for (const [start, end] of [[-1, 1], [1, 0], [0, 5], [0.5, 1], [0, NaN]] as const) {
    expect(() => socket.send(new Uint8Array(4), start, end)).toThrow(RangeError)
    expect(() => socket.recv(new Uint8Array(4), start, end)).toThrow(RangeError)
  }
})

test('bind: addresses that are not ours, not free or none at all', () => {
  const { server } = new Hosts()
  const bind = (hostname: string, port: number, reuse = 0): number => {
    const socket = server.socket('stream')
    socket.setsockopt('SO_REUSEADDR', reuse)
    return socket.bind(hostname, port)
  }
  expect(bind('10.0.0.9', 80)).toBe(EADDRNOTAVAIL)
  expect(bind('ten', 80)).toBe(EINVAL)
  expect(bind('10.0.0.2', -1)).toBe(EINVAL)
  expect(bind('10.0.0.2', 65_536)).toBe(EINVAL)
  expect(bind('10.0.0.2', 80)).toBe(0)
  expect(bind('10.0.0.2', 80)).toBe(EADDRINUSE)
  expect(bind('0.0.0.0', 80)).toBe(EADDRINUSE)
  expect(bind('::', 80)).toBe(EADDRINUSE)
  expect(bind('10.0.0.2', 80, 1)).toBe(EADDRINUSE)
  // The other family, another port.
  expect(bind('fd00::2', 80)).toBe(0)
  expect([bind('0.0.0.0', 90), bind('fd00::2', 90), bind('::', 90)]).toEqual([0, 0, EADDRINUSE])
  expect(bind('10.0.0.2', 81)).toBe(0)
  const twice = server.socket('stream')
  expect([twice.bind('10.0.0.2', 82), twice.bind('10.0.0.2', 83)]).toEqual([0, EINVAL])
  twice.close()
  expect(bind('10.0.0.2', 82)).toBe(0)
})

test('SO_REUSEADDR: a narrower listener beside a wider one takes its connections; equal ones exclude each other', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    const wide = hosts.server.socket('stream')
    const narrow = hosts.server.socket('stream')
    const equal = hosts.server.socket('stream')
    for (const socket of [wide, narrow, equal]) expect(socket.setsockopt('SO_REUSEADDR', 1)).toBe(0)
    expect([wide.bind('0.0.0.0', 80), wide.listen()]).toEqual([0, 0])
    expect([narrow.bind('10.0.0.2', 80), narrow.listen()]).toEqual([0, 0])
    expect(equal.bind('10.0.0.2', 80)).toBe(EADDRINUSE)
    hosts.client.socket('stream').connect('10.0.0.2', 80)
    await hosts.sleep(10)
    expect([wide.accept(), typeof narrow.accept()]).toEqual([EAGAIN, 'object'])
  })
})

test('RFC 6056: port 0 and unbound clients get free ephemeral ports; EADDRINUSE when there are none', () => {
  const { client } = new Hosts({ client: { ephemeralPorts: [60_000, 60_002] } })
  const ports = new Set<number>()
  for (let i = 0; i < 3; i++) {
    const socket = client.socket('stream')
    expect(socket.bind('10.0.0.1', 0)).toBe(0)
    ports.add(socket.localAddress!.port)
  }
  expect([...ports].sort()).toEqual([60_000, 60_001, 60_002])
  expect(client.socket('stream').bind('10.0.0.1', 0)).toBe(EADDRINUSE)
  expect(client.socket('stream').connect('10.0.0.2', 80)).toBe(EADDRINUSE)

  const other = new Hosts({ client: { ephemeralPorts: [60_000, 60_002] } }).client
  const connect = (port: number): number => other.socket('stream').connect('10.0.0.2', port)
  // Three ports to each peer.
  expect([80, 80, 80, 80, 81].map(connect)).toEqual([EINPROGRESS, EINPROGRESS, EINPROGRESS, EADDRINUSE, EINPROGRESS])
})

test('the same two ends cannot be connected twice', () => {
  const { client } = new Hosts()
  const [one, two] = [client.socket('stream'), client.socket('stream')]
  for (const socket of [one, two]) socket.setsockopt('SO_REUSEADDR', 1)
  expect([one.bind('10.0.0.1', 5000), two.bind('10.0.0.1', 5000)]).toEqual([0, 0])
  expect([one.connect('10.0.0.2', 80), two.connect('10.0.0.2', 80)]).toEqual([EINPROGRESS, EADDRNOTAVAIL])
  expect(two.connect('10.0.0.2', 81)).toBe(EINPROGRESS)
})

test('connect: what cannot be', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    const { client, listener } = await connection(hosts)
    expect(client.connect('10.0.0.2', 80)).toBe(EISCONN)
    expect(listener.connect('10.0.0.1', 80)).toBe(EINVAL)
    const socket = hosts.client.socket('stream')
    expect([socket.connect('10.0.0.2', 0), socket.connect('peer', 80), socket.connect('10.0.0.2', 65_536)]).toEqual([EINVAL, EINVAL, EINVAL])
    expect([socket.connect('10.0.0.2', 80), socket.connect('10.0.0.2', 80)]).toEqual([EINPROGRESS, EALREADY])
    expect([client.listen(), listener.listen(), hosts.client.socket('stream').listen(0)]).toEqual([EINVAL, EINVAL, EINVAL])
  })
})

test('readiness says what can be done, and onReady when that changes', async () => {
  const hosts = new Hosts({ link: { delay: 10 }, tcp: { sendBuffer: 4096, receiveBuffer: 4096 } })
  await hosts.run(async () => {
    const listener = listening(hosts.server, '10.0.0.2', 80)
    const client = hosts.client.socket('stream')
    client.connect('10.0.0.2', 80)
    expect([client.readiness, listener.readiness]).toEqual([0, 0])
    let woken = 0
    client.onReady = (socket) => {
      expect(socket).toBe(client)
      woken++
    }
    await hosts.sleep(50)
    expect(woken).toBe(1)
    expect(client.readiness).toBe(Readiness.Connected | Readiness.Writable)
    expect(listener.readiness).toBe(Readiness.Acceptable)
    const server = accepted(listener)
    expect(listener.readiness).toBe(0)

    // Fill both buffers; then nothing can be written until the other side reads.
    let queued = 0
    for (let i = 0; i < 20; i++) {
      const count = client.send(pattern(1000))
      queued += Math.max(count, 0)
      await hosts.sleep(1000)
    }
    expect(queued).toBe(8192)
    expect(client.send(pattern(1))).toBe(EAGAIN)
    expect(client.readiness).toBe(Readiness.Connected)
    woken = 0
    expect(server.readiness).toBe(Readiness.Connected | Readiness.Writable | Readiness.Readable)
    expect(server.receiveQueue).toBe(4096)
    expect(server.recv(new Uint8Array(9000))).toBe(4096)
    await hosts.sleep(1000)
    expect(woken).toBeGreaterThan(0)
    expect(client.readiness).toBe(Readiness.Connected | Readiness.Writable)

    // The end is readable.
    client.shutdown('write')
    expect(client.send(pattern(1))).toBe(EPIPE)
    await hosts.sleep(1000)
    expect(server.recv(new Uint8Array(9000))).toBe(4096)
    expect([server.recv(new Uint8Array(1)), server.readiness]).toEqual([0, Readiness.Connected | Readiness.Writable | Readiness.Readable])
    server.abort()
    await hosts.sleep(1000)
    expect(client.readiness).toBe(Readiness.Closed | Readiness.Readable | Readiness.Error)
    expect([client.getsockopt('SO_ERROR'), client.getsockopt('SO_ERROR')]).toEqual([Errno.ECONNRESET, 0])
    expect(client.readiness).toBe(Readiness.Closed | Readiness.Readable)
    expect(client.recv(new Uint8Array(1))).toBe(0)
  })
})

test('shutdown read: what arrives is acknowledged and thrown away, and the window stays open', async () => {
  const hosts = new Hosts({ tcp: { receiveBuffer: 4096 } })
  await hosts.run(async () => {
    const { client, server } = await connection(hosts)
    client.send(pattern(100))
    await hosts.sleep(10)
    expect(server.shutdown('read')).toBe(0)
    expect(server.recv(new Uint8Array(10))).toBe(0)
    for (let at = 0; at < 100_000; at += 1000) {
      expect(client.send(pattern(1000))).toBe(1000)
      await hosts.sleep(10)
    }
    await hosts.sleep(1000)
    expect(client.info()!.sendQueue).toBe(0)
    expect(server.send(pattern(5))).toBe(5)
    await hosts.sleep(10)
    expect(client.recv(new Uint8Array(10))).toBe(5)
  })
})

test('RFC 1122 §4.2.2.13: close() with unread data resets', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    const { client, server } = await connection(hosts)
    client.send(pattern(100))
    await hosts.sleep(10)
    server.close()
    await hosts.sleep(10)
    expect(client.recv(new Uint8Array(1))).toBe(Errno.ECONNRESET)
  })
})

test('a closed socket is not called any more; watchState is, until TIME-WAIT, which is kept in 64 bytes unless an observer sees states', async () => {
  const hosts = new Hosts({ link: { delay: 10 } })
  await hosts.run(async () => {
    const { client, server } = await connection(hosts)
    let ready = 0
    client.onReady = () => ready++
    const states: string[] = []
    client.watchState(() => states.push(client.state))
    client.close()
    await hosts.sleep(1000)
    server.close()
    await hosts.sleep(200_000)
    expect(ready).toBe(0)
    expect(states).toEqual(['FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT'])
  })
})

test('options: what is set is what is had, and what the connection uses', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    listening(hosts.server, '10.0.0.2', 80)
    const socket = hosts.client.socket('stream')
    expect([socket.setsockopt('SO_RCVBUF', 8192), socket.setsockopt('SO_SNDBUF', 5000), socket.setsockopt('TCP_NODELAY', 1)]).toEqual([0, 0, 0])
    expect([socket.setsockopt('SO_RCVBUF', 1), socket.setsockopt('SO_RCVBUF', 1.5)]).toEqual([EINVAL, EINVAL])
    expect([socket.getsockopt('SO_RCVBUF'), socket.getsockopt('SO_SNDBUF'), socket.getsockopt('TCP_NODELAY'), socket.getsockopt('TCP_MAXSEG')])
      .toEqual([8192, 5000, 1, 0])
    socket.connect('10.0.0.2', 80)
    await hosts.sleep(10)
    expect([socket.getsockopt('SO_RCVBUF'), socket.getsockopt('SO_SNDBUF'), socket.getsockopt('TCP_NODELAY')]).toEqual([8192, 5000, 1])
    // RFC 9293 §3.7.1: 1500 less headers and the timestamps of every segment.
    expect(socket.getsockopt('TCP_MAXSEG')).toBe(1448)
    expect(socket.setsockopt('SO_SNDBUF', 6000)).toBe(EISCONN)
    expect([socket.setsockopt('TCP_NODELAY', 0), socket.getsockopt('TCP_NODELAY')]).toEqual([0, 0])
    expect(socket.send(pattern(6000))).toBe(5000)
    expect(socket.setsockopt('SO_ERROR', 0)).toBe(ENOPROTOOPT)
    expect(socket.getsockopt('SO_NOTHING' as 'SO_ERROR')).toBe(ENOPROTOOPT)
  })
})

test('DoS: a stack without memory neither loses data nor hangs: writers wait until others give theirs back', async () => {
  const hosts = new Hosts({ client: { memory: 1 << 16 }, tcp: { sendBuffer: 1 << 15, receiveBuffer: 4096 } })
  await hosts.run(async () => {
    const listener = listening(hosts.server, '10.0.0.2', 80)
    const sockets = Array.from({ length: 8 }, () => hosts.client.socket('stream'))
    for (const socket of sockets) socket.connect('10.0.0.2', 80)
    await hosts.sleep(100)
    const sent = sockets.map(() => 0)
    const called = sockets.map(() => 0)
    for (const [i, socket] of sockets.entries()) {
      const fill = (): void => {
        called[i]!++
        while (sent[i]! < 100_000) {
          const count = socket.send(pattern(5000), 0, Math.min(5000, 100_000 - sent[i]!))
          if (count < 0) {
            expect(count).toBe(EAGAIN)
            break
          }
          sent[i]! += count
        }
      }
      socket.onReady = fill
      fill()
    }
    // All of the memory is taken, and some got none.
    expect(hosts.client.accounting().memory.used).toBe(1 << 16)
    expect(sent.filter((count) => count === 0).length).toBeGreaterThan(0)
    const into = new Uint8Array(4096)
    const readers = sockets.map(() => accepted(listener))
    const received = readers.map(() => 0)
    for (let round = 0; round < 5000 && received.some((count) => count < 100_000); round++) {
      for (const [i, reader] of readers.entries()) received[i]! += Math.max(reader.recv(into), 0)
      await hosts.sleep(10)
    }
    expect(received).toEqual(sockets.map(() => 100_000))
    for (const socket of [...sockets, ...readers, listener]) socket.close()
    expect(hosts.client.accounting().memory.peak).toBe(1 << 16)
  })
  await hosts.drain()
  expect(hosts.client.accounting().memory.used).toBe(0)
})

test('DoS: reading from one connection lets another one write that found no memory, at the next poll', async () => {
  const hosts = new Hosts({ client: { memory: 1 << 14 } })
  await hosts.run(async () => {
    const listener = listening(hosts.server, '10.0.0.2', 80)
    const sockets = Array.from({ length: 4 }, () => hosts.client.socket('stream'))
    for (const socket of sockets) socket.connect('10.0.0.2', 80)
    await hosts.sleep(10)
    for (let i = 0; i < 3; i++) accepted(listener).send(pattern(16_384))
    await hosts.sleep(1000)
    const [full, , , starved] = sockets as [TcpSocket, TcpSocket, TcpSocket, TcpSocket]
    expect(hosts.client.accounting().memory.used).toBe(1 << 14)
    expect(starved.send(pattern(1))).toBe(EAGAIN)
    let ready = 0
    starved.onReady = () => ready++
    let woken = 0
    hosts.client.onWake = () => woken++
    full.recv(new Uint8Array(16_384))
    expect([woken, ready]).toEqual([1, 0])
    await hosts.sleep(0)
    expect(ready).toBe(1)
    expect(starved.send(pattern(1))).toBe(1)
  })
})

test('DoS: connections beyond the cap are refused with ENOBUFS, and come back when others end', async () => {
  const hosts = new Hosts({ tcp: { maxConnections: 4 } })
  await hosts.run(async () => {
    listening(hosts.server, '10.0.0.2', 80)
    const sockets = Array.from({ length: 5 }, () => hosts.client.socket('stream'))
    expect(sockets.map((socket) => socket.connect('10.0.0.2', 80))).toEqual([...Array.from({ length: 4 }, () => EINPROGRESS), Errno.ENOBUFS])
    await hosts.sleep(10)
    sockets[0]!.abort()
    await hosts.sleep(10)
    expect(sockets[4]!.connect('10.0.0.2', 80)).toBe(EINPROGRESS)
  })
})
