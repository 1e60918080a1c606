import { pair } from '@layerfour/link'
import { Errno } from '@layerfour/wire'
import { expect, test } from 'vitest'
import { Stack, tcp, udp } from '../src/index.ts'
import { fate } from './support/channels.ts'
import { Hosts, pattern } from './support/hosts.ts'

const SECRET = Int32Array.of(1, 2, 3, 4)

/** Two stacks on a pair, with a clock that the test moves, and nobody who polls but the test. */
function manual(onError?: (error: unknown) => void): { a: Stack, b: Stack, clock: { now: number }, settle(): void } {
  const clock = { now: 0 }
  const make = (): Stack => new Stack({
    protocols: [tcp(), udp()], clock: () => clock.now, secret: SECRET, ...(onError === undefined ? {} : { onError }),
  })
  const [a, b] = [make(), make()]
  const [left, right] = pair()
  a.addInterface(left, { addresses: ['10.0.0.1/24'] })
  b.addInterface(right, { addresses: ['10.0.0.2/24'] })
  return {
    a, b, clock,
    settle() {
      while (a.deadline <= clock.now || b.deadline <= clock.now) {
        a.poll()
        b.poll()
      }
    },
  }
}

test('a packet or a call wakes the driver once until the next poll', () => {
  const { a, b, settle } = manual()
  settle()
  let woken = 0
  b.onWake = () => woken++
  const own = b.socket('datagram')
  own.bind('10.0.0.2', 7)
  own.onReady = () => own.sendto(pattern(1), '10.0.0.1', 9)
  const client = a.socket('datagram')
  for (let i = 0; i < 3; i++) client.sendto(pattern(4), '10.0.0.2', 9)
  expect(woken).toBe(1)
  expect(b.deadline).toBe(0)
  b.poll()
  client.sendto(pattern(4), '10.0.0.2', 9)
  b.socket('stream').connect('10.0.0.1', 80)
  expect(woken).toBe(2)
  // What callbacks ask for is done by the poll that called them, and needs no other one.
  client.sendto(pattern(4), '10.0.0.2', 7)
  expect(b.poll()).toBeGreaterThan(0)
  expect(woken).toBe(2)
  // Unless a packet came meanwhile: this shows in the deadline that it returns.
  own.sendto(pattern(4), '10.0.0.2', 7)
  expect(b.poll()).toBe(0)
  expect(woken).toBe(3)
})

test('reading that opens the window, and sending to a neighbour not yet known, wake the driver', () => {
  const { a, b, settle } = manual()
  const listener = b.socket('stream')
  listener.bind('10.0.0.2', 80)
  listener.setsockopt('SO_RCVBUF', 8192)
  listener.listen()
  const client = a.socket('stream')
  client.connect('10.0.0.2', 80)
  settle()
  const server = listener.accept()
  if (typeof server === 'number') throw new Error(`accept gave ${server}`)
  client.send(new Uint8Array(20_000))
  settle()
  let woken = 0
  b.onWake = () => woken++
  b.poll()
  expect(server.recv(new Uint8Array(9000))).toBeGreaterThan(7000)
  expect(woken).toBe(1)

  const ethernet = new Stack({ protocols: [udp()], clock: () => 0 })
  ethernet.addInterface(pair({ medium: 'ethernet' })[0], { addresses: ['10.0.0.1/24'] })
  ethernet.poll()
  ethernet.onWake = () => woken++
  const socket = ethernet.socket('datagram')
  socket.sendto(pattern(1), '10.0.0.2', 9)
  expect(woken).toBe(2)
  // The question who has that address is asked again after a second (RFC 1122 §2.3.2.1).
  expect(ethernet.poll()).toBe(1000)
  socket.connect('10.0.0.3', 9)
  socket.send(pattern(1))
  expect(woken).toBe(3)
})

test('a poll does what is due and returns the next deadline; an idle stack has none', () => {
  const { a, b, clock, settle } = manual()
  settle()
  expect([a.deadline, a.poll()]).toEqual([Infinity, Infinity])
  // Nobody is there: the SYN is sent again a second later (RFC 6298 §2.1).
  b.close()
  a.socket('stream').connect('10.0.0.2', 80)
  expect(a.poll()).toBe(1000)
  clock.now = 999
  expect(a.poll()).toBe(1000)
  clock.now = 1000
  expect(a.poll()).toBe(3000)
})

test('nothing is sent while receiving: two stacks answer each other only in their polls', () => {
  const { a, b } = manual()
  const order: string[] = []
  const [left, right] = pair()
  a.addInterface(left, { addresses: ['10.1.0.1/24'] })
  b.addInterface(right, { addresses: ['10.1.0.2/24'] })
  for (const [name, device] of [['a', left], ['b', right]] as const) {
    const transmit = device.transmit.bind(device)
    device.transmit = (bytes, start, end) => {
      order.push(`${name} sends`)
      return transmit(bytes, start, end)
    }
  }
  b.listen({ port: 80 })
  a.socket('stream').connect('10.1.0.2', 80)
  expect(order).toEqual([])
  a.poll()
  expect(order).toEqual(['a sends'])
  b.poll()
  expect(order).toEqual(['a sends', 'b sends'])
})

test('a callback may use every socket, and what it sends leaves in the same poll', () => {
  const { a, b, settle } = manual()
  const server = b.socket('datagram')
  server.bind('10.0.0.2', 7)
  const other = b.socket('datagram')
  server.onReady = () => {
    other.sendto(pattern(2), '10.0.0.1', 5000)
    server.close()
  }
  const client = a.socket('datagram')
  client.bind('10.0.0.1', 5000)
  client.sendto(pattern(1), '10.0.0.2', 7)
  settle()
  expect(client.nextLength).toBe(2)
  expect(b.netstat()).toHaveLength(1)
})

test('an answer given by a callback rides with the acknowledgment of the question', () => {
  const { a, b, settle } = manual()
  const listener = b.socket('stream')
  listener.bind('10.0.0.2', 80)
  listener.listen()
  const client = a.socket('stream')
  client.connect('10.0.0.2', 80)
  settle()
  const server = listener.accept()
  if (typeof server === 'number') throw new Error(`accept gave ${server}`)
  const buffer = new Uint8Array(4096)
  server.onReady = () => {
    if (server.recv(buffer) > 0) server.send(buffer, 0, 10)
  }
  const before = server.info()!.segmentsOut
  for (let round = 1; round <= 5; round++) {
    // Two full segments: an acknowledgment is due at once.
    client.send(buffer, 0, 2 * 1448)
    settle()
    expect(client.recv(buffer)).toBe(10)
    expect(server.info()!.segmentsOut).toBe(before + round)
  }
})

test('poll inside of poll is an error of the application', () => {
  const { a, b, settle } = manual()
  const server = b.socket('datagram')
  server.bind('10.0.0.2', 7)
  server.onReady = () => void b.poll()
  a.socket('datagram').sendto(pattern(1), '10.0.0.2', 7)
  expect(settle).toThrow('poll was called by a callback of poll')
})

test('what callbacks throw: poll does all its work, then throws it; the stack goes on', () => {
  const { a, b, settle } = manual()
  const called: number[] = []
  for (const port of [1, 2, 3]) {
    const socket = b.socket('datagram')
    socket.bind('10.0.0.2', port)
    socket.onReady = () => {
      called.push(port)
      socket.recv(new Uint8Array(1))
      if (port < 3) throw new RangeError(`port ${port}`)
    }
  }
  b.listen({ port: 80 })
  a.socket('stream').connect('10.0.0.2', 80)
  const client = a.socket('datagram')
  client.sendto(pattern(1), '10.0.0.2', 1)
  client.sendto(pattern(1), '10.0.0.2', 3)
  a.poll()
  expect(() => b.poll()).toThrow(new RangeError('port 1'))
  expect(called).toEqual([1, 3])
  client.sendto(pattern(1), '10.0.0.2', 1)
  client.sendto(pattern(1), '10.0.0.2', 2)
  expect(() => b.poll()).toThrow(AggregateError)
  expect(called).toEqual([1, 3, 1, 2])
  settle()
  expect(a.netstat().map(({ state }) => state)).toContain('ESTABLISHED')
})

test('with onError, poll throws nothing', () => {
  const errors: unknown[] = []
  const { a, b, settle } = manual((error) => errors.push(error))
  const server = b.socket('datagram')
  server.bind('10.0.0.2', 7)
  server.onReady = () => { throw new Error('mine') }
  a.socket('datagram').sendto(pattern(1), '10.0.0.2', 7)
  settle()
  expect(errors).toEqual([new Error('mine')])
})

test('a callback may close the stack', () => {
  const { a, b, settle } = manual()
  const server = b.socket('datagram')
  server.bind('10.0.0.2', 7)
  server.onReady = () => b.close()
  a.socket('datagram').sendto(pattern(1), '10.0.0.2', 7)
  settle()
  expect(b.deadline).toBe(Infinity)
  expect(b.poll()).toBe(Infinity)
  expect(server.recv(new Uint8Array(1))).toBe(Errno.ECANCELED)
})

test('close() resets connections, tells base sockets, lets devices go, and later calls fail', () => {
  const { a, b, settle } = manual()
  const listener = b.socket('stream')
  listener.bind('10.0.0.2', 80)
  listener.listen()
  const client = a.socket('stream')
  client.connect('10.0.0.2', 80)
  settle()
  const server = listener.accept()
  if (typeof server === 'number') throw new Error(`accept gave ${server}`)
  let told = 0
  server.onReady = () => told++
  b.close()
  expect(told).toBe(1)
  expect([server.recv(new Uint8Array(1)), server.getsockopt('SO_ERROR'), listener.accept()])
    .toEqual([Errno.ECANCELED, Errno.ECANCELED, Errno.ECANCELED])
  settle()
  expect(client.recv(new Uint8Array(1))).toBe(Errno.ECONNRESET)
  expect(() => b.socket('stream')).toThrow('socket ENETDOWN')
  expect(() => b.addInterface(pair()[0], { addresses: [] })).toThrow('addInterface ENETDOWN')
  const before = b.internet.interfaces[1]!.traffic.packetsIn
  a.socket('datagram').sendto(pattern(1), '10.0.0.2', 7)
  expect([b.deadline, b.internet.interfaces[1]!.traffic.packetsIn]).toEqual([Infinity, before])
})

test('close() also resets connections that no socket holds any more, and wakes its driver', () => {
  const { a, b, settle } = manual()
  const listener = b.socket('stream')
  listener.bind('10.0.0.2', 80)
  listener.listen()
  const client = a.socket('stream')
  client.connect('10.0.0.2', 80)
  settle()
  const server = listener.accept()
  if (typeof server === 'number') throw new Error(`accept gave ${server}`)
  client.close()
  settle()
  expect(a.netstat().map(({ state }) => state)).toEqual(['FIN-WAIT-2'])
  let woken = 0
  a.onWake = () => woken++
  a.close()
  expect(woken).toBe(1)
  expect(a.accounting().protocols['tcp']).toEqual({ sockets: 0, flows: 0, timers: 0, bytes: 0 })
  settle()
  expect(server.getsockopt('SO_ERROR')).toBe(Errno.ECONNRESET)
})

test('a gateway takes what is not on-link', async () => {
  const hosts = new Hosts()
  expect(await fate(hosts.client.connect({ hostname: '192.0.2.1', port: 80 }))).toBe('ENETUNREACH')
  const seen: string[] = []
  const [device, far] = pair()
  far.attach((bytes, start) => seen.push(bytes.subarray(start + 16, start + 20).join('.')))
  const stack = new Stack({ protocols: [udp()], clock: () => 0 })
  stack.addInterface(device, { addresses: ['10.0.0.1/24', 'fd00::1/64'], gateway: ['10.0.0.254', 'fd00::ff'] })
  expect(stack.socket('datagram').sendto(pattern(1), '192.0.2.1', 9)).toBe(1)
  expect(stack.socket('datagram').sendto(pattern(1), '2001:db8::1', 9)).toBe(1)
  expect(seen[0]).toBe('192.0.2.1')
  expect(seen).toHaveLength(2)
})

test('misuse says what was got and what was expected', () => {
  const stack = new Stack({ protocols: [] })
  const [device] = pair()
  expect(() => stack.addInterface(device, { addresses: ['10.0.0.1/33'] })).toThrow("address is '10.0.0.1/33'")
  expect(() => stack.addInterface(device, { addresses: ['10.0.0.1/24'], gateway: 'router' })).toThrow("gateway is 'router'")
  // Nothing was half done.
  expect(stack.internet.interfaces).toHaveLength(1)
  expect(() => stack.socket('datagram')).toThrow('socket EPROTONOSUPPORT')
  expect(() => stack.datagram()).toThrow('bind EPROTONOSUPPORT')
  expect(() => new Stack({ protocols: [tcp(), tcp()] })).toThrow('protocol tcp is the second one for stream sockets')
  expect(() => new Stack({ protocols: [], secret: new Int32Array(3) })).toThrow(RangeError)
  expect(() => new Stack({ protocols: [], memory: 1000 })).toThrow(RangeError)
  expect(() => new Stack({ protocols: [tcp({ msl: 0 })] })).toThrow(RangeError)
  expect(() => new Stack({ protocols: [], ephemeralPorts: [0, 1] })).toThrow(RangeError)
})

test('RFC 6056: without a secret, ports differ from stack to stack; with one they repeat', () => {
  const firstPort = (secret: Int32Array | undefined): number => {
    const stack = new Stack({ protocols: [udp()], ...(secret === undefined ? {} : { secret }) })
    return stack.datagram({ hostname: '127.0.0.1' }).localAddress.port
  }
  expect(firstPort(SECRET)).toBe(firstPort(SECRET))
  const ports = new Set(Array.from({ length: 20 }, () => firstPort(undefined)))
  expect(ports.size).toBeGreaterThan(10)
})

test('drops() counts by name', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    expect(await fate(hosts.client.connect({ hostname: '10.0.0.2', port: 81 }))).toBe('ECONNREFUSED')
  })
  expect(hosts.server.drops()).toEqual({ NoConnection: 1 })
})

test('netstat() shows every socket with its queues and timers', async () => {
  const hosts = new Hosts({ link: { delay: 25 }, tcp: { receiveBuffer: 4096 } })
  await hosts.run(async () => {
    const listener = hosts.server.listen({ hostname: '10.0.0.2', port: 80, backlog: 5 })
    const client = await hosts.client.connect({ hostname: '10.0.0.2', port: 80, local: { port: 5000 } })
    await listener.accept()
    await client.write(pattern(10_000))
    await hosts.sleep(10_000)
    const local = { hostname: '10.0.0.1', port: 5000 }
    const remote = { hostname: '10.0.0.2', port: 80 }
    expect(hosts.server.netstat()).toEqual([
      { protocol: 'tcp', local: remote, remote: undefined, state: 'LISTEN', receiveQueue: 0, sendQueue: 5, timers: {} },
      expect.objectContaining({ protocol: 'tcp', local: remote, remote: local, state: 'ESTABLISHED', receiveQueue: 4096, sendQueue: 0 }),
    ])
    const [row] = hosts.client.netstat()
    expect(row).toMatchObject({ local, remote, state: 'ESTABLISHED', receiveQueue: 0, sendQueue: 10_000 - 4096 })
    expect(row!.rtt).toBeGreaterThanOrEqual(50)
    expect(row!.cwnd).toBeGreaterThan(0)
    expect(row!.timers['persist']).toBeGreaterThanOrEqual(0)
    const { memory, internet, protocols } = hosts.client.accounting()
    // 5,904 bytes lie in a block of 8 KiB or more, and nobody else has any.
    expect(protocols['tcp']).toMatchObject({ sockets: 1, flows: 1, timers: 1 })
    expect(protocols['tcp']!.bytes).toBeGreaterThanOrEqual(8192)
    expect([memory.used, internet.bytes]).toEqual([protocols['tcp']!.bytes, 0])
    client.abort()
  })
})
