import { pair } from '@layerfour/link'
import { createDatagramInfo } from '@layerfour/udp'
import { Errno, formatIpAddress } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { Datagram } from '../src/index.ts'
import { Stack, udp } from '../src/index.ts'
import { fate } from './support/channels.ts'
import { digest, Hosts, pattern } from './support/hosts.ts'

async function echo(server: Datagram): Promise<number> {
  let count = 0
  for await (const { data, remoteAddress } of server) {
    await server.send(data, remoteAddress)
    count++
  }
  return count
}

describe.each([['pair', undefined], ['emulated link', { delay: 10 }]] as const)('over a %s', (_name, link) => {
  const over = link === undefined ? {} : { link }

  test.each(['10.0.0.2', 'fd00::2'])('datagrams to %s come back, empty ones and the largest too', async (hostname) => {
    const hosts = new Hosts(over)
    await hosts.run(async () => {
      const server = hosts.server.datagram({ port: 7 })
      const echoing = echo(server)
      const client = hosts.client.datagram()
      for (const length of [0, 1, 1472, 1473, 9000, 65_507]) {
        const sent = pattern(length, length + 1)
        expect(await client.send(sent, { hostname, port: 7 })).toBe(length)
        const { data, remoteAddress } = await client.receive()
        expect(digest(data)).toBe(digest(sent))
        expect(remoteAddress).toEqual({ hostname, port: 7 })
      }
      client.close()
      server.close()
      expect(await echoing).toBe(6)
    })
    await hosts.drain()
    for (const stack of [hosts.client, hosts.server]) {
      expect(stack.accounting().protocols['udp']).toEqual({ sockets: 0, flows: 0, timers: 0, bytes: 0 })
      expect(stack.accounting().memory.used).toBe(0)
    }
  })

  test('a datagram keeps its borders, and the base says where it came from', async () => {
    const hosts = new Hosts(over)
    await hosts.run(async () => {
      const server = hosts.server.socket('datagram')
      expect(server.bind('10.0.0.2', 5000)).toBe(0)
      const client = hosts.client.socket('datagram')
      expect(client.connect('10.0.0.2', 5000)).toBe(0)
      let called = 0
      server.onReady = () => called++
      expect(client.send(pattern(3))).toBe(3)
      expect(client.send(pattern(10), 2, 9)).toBe(7)
      await hosts.sleep(100)
      expect(called).toBeGreaterThan(0)
      const info = createDatagramInfo()
      const into = new Uint8Array(5)
      expect(server.nextLength).toBe(3)
      expect(hosts.server.netstat()).toMatchObject([{ protocol: 'udp', state: 'BOUND', receiveQueue: 10 }])
      expect(server.recvfrom(into, info)).toBe(3)
      expect([info.length, info.truncated]).toEqual([3, false])
      expect({ hostname: formatIpAddress(info.address), port: info.port }).toEqual(client.localAddress)
      expect(server.recvfrom(into, info)).toBe(5)
      expect([info.length, info.truncated]).toEqual([7, true])
      expect(into).toEqual(pattern(10).slice(2, 7))
      expect(server.recv(into)).toBe(Errno.EAGAIN)
      expect([client.close(), client.close(), client.send(into), client.recv(into)]).toEqual([0, Errno.EBADF, Errno.EBADF, Errno.EBADF])
    })
  })
})

test('RFC 768: a payload over 65,507 bytes is EMSGSIZE', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    const client = hosts.client.datagram()
    const to = { hostname: '10.0.0.2', port: 7 }
    expect(await fate(client.send(new Uint8Array(65_507), to))).toBe('ok')
    expect(await fate(client.send(new Uint8Array(65_508), to))).toBe('EMSGSIZE')
    expect(hosts.client.socket('datagram').sendto(new Uint8Array(65_508), '10.0.0.2', 7)).toBe(Errno.EMSGSIZE)
  })
})

test('RFC 1122 §4.1.3.3: a connected socket hears that the port is closed, at its next call', async () => {
  const hosts = new Hosts({ link: { delay: 10 } })
  await hosts.run(async () => {
    const client = hosts.client.datagram({ remote: { hostname: '10.0.0.2', port: 9 } })
    expect(client.remoteAddress).toEqual({ hostname: '10.0.0.2', port: 9 })
    expect(client.localAddress.hostname).toBe('10.0.0.1')
    await client.send(pattern(1))
    const error: unknown = await client.receive().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'receive', address: '10.0.0.2', port: 9 })
    expect(hosts.server.drops()).toEqual({ PortUnreachable: 1 })
    // It lives on.
    expect(await fate(client.send(pattern(1)))).toBe('ok')
  })
})

test('a socket that is not connected is not told of anybody’s closed port', async () => {
  const hosts = new Hosts({ link: { delay: 10 } })
  await hosts.run(async () => {
    const client = hosts.client.datagram()
    await client.send(pattern(1), { hostname: '10.0.0.2', port: 9 })
    await hosts.sleep(1000)
    expect(await fate(client.receive({ signal: AbortSignal.abort('enough') }))).toBe('enough')
    expect(client.socket.getsockopt('SO_ERROR')).toBe(0)
  })
})

test('addresses are given out once, or to all who share', () => {
  const { server } = new Hosts()
  const held = server.datagram({ hostname: '10.0.0.2', port: 53 })
  const fails = (options: Parameters<typeof server.datagram>[0]): string => {
    try {
      server.datagram(options)
      return 'ok'
    } catch (error) {
      return `${(error as { syscall: string }).syscall} ${(error as { code: string }).code}`
    }
  }
  expect(fails({ hostname: '10.0.0.2', port: 53 })).toBe('bind EADDRINUSE')
  expect(fails({ port: 53 })).toBe('bind EADDRINUSE')
  expect(fails({ hostname: '10.0.0.9', port: 53 })).toBe('bind EADDRNOTAVAIL')
  expect(fails({ hostname: 'nowhere', port: 53 })).toBe('bind EINVAL')
  expect(fails({ port: 70_000 })).toBe('bind EINVAL')
  expect(fails({ remote: { hostname: '192.0.2.1', port: 1 } })).toBe('connect ENETUNREACH')
  expect(server.accounting().protocols['udp']?.sockets).toBe(1)
  held.close()
  expect(fails({ port: 53, reuseAddress: true })).toBe('ok')
  expect(fails({ port: 53, reuseAddress: true })).toBe('ok')
  expect(fails({ port: 53 })).toBe('bind EADDRINUSE')
})

test('every promise settles: by a signal, by close(), by the stack’s end', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    const [one, two, three] = [hosts.client.datagram(), hosts.client.datagram(), hosts.client.datagram()]
    const abort = new AbortController()
    const aborted = fate(one.receive({ signal: abort.signal }))
    const still = one.receive()
    const pending = [fate(two.receive()), fate(three.receive())]
    const iterating = echo(three)
    abort.abort('enough')
    two.close()
    two.close()
    await hosts.server.datagram().send(pattern(4), { hostname: '10.0.0.1', port: one.localAddress.port })
    expect(await aborted).toBe('enough')
    expect((await still).data).toEqual(pattern(4))
    hosts.client.close()
    expect(await Promise.all(pending)).toEqual(['ECANCELED', 'ECANCELED'])
    expect(await iterating).toBe(0)
    expect(await fate(two.send(pattern(1), { hostname: '10.0.0.2', port: 1 }))).toBe('ECANCELED')
    expect(() => hosts.client.datagram()).toThrow(expect.objectContaining({ code: 'ENETDOWN' }))
  })
})

test('options: what is set is what is had; nonsense is EINVAL or ENOPROTOOPT', () => {
  const socket = new Hosts().client.socket('datagram')
  expect(socket.setsockopt('IP_TTL', 9)).toBe(0)
  expect(socket.setsockopt('SO_BROADCAST', 1)).toBe(0)
  expect(socket.setsockopt('IP_TTL', 256)).toBe(Errno.EINVAL)
  expect([socket.getsockopt('IP_TTL'), socket.getsockopt('SO_BROADCAST'), socket.getsockopt('IP_DONTFRAG')]).toEqual([9, 1, 0])
  expect(socket.setsockopt('SO_ERROR', 1)).toBe(Errno.ENOPROTOOPT)
  expect(socket.getsockopt('SO_NOTHING' as 'SO_ERROR')).toBe(Errno.ENOPROTOOPT)
})

test('DoS: datagrams that nobody reads are bounded in number and memory, and dropped beyond', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    const server = hosts.server.datagram({ port: 7 })
    const client = hosts.client.datagram()
    for (let i = 0; i < 5000; i++) await client.send(pattern(100), { hostname: '10.0.0.2', port: 7 })
    const { memory, protocols } = hosts.server.accounting()
    expect(protocols['udp']!.bytes).toBeLessThanOrEqual(1 << 18)
    expect(memory.used).toBe(protocols['udp']!.bytes)
    const dropped = hosts.server.drops()['ReceiveQueueFull']!
    expect(dropped).toBeGreaterThan(3000)
    for (let i = 0; i < 5000 - dropped; i++) await server.receive()
    expect(await fate(server.receive({ signal: AbortSignal.abort('empty') }))).toBe('empty')
    expect(server.socket.nextLength).toBe(-1)
    server.close()
    expect(hosts.server.accounting().memory.used).toBe(0)
  })
})

test('a device that is full holds send() back until it takes datagrams again', async () => {
  const clock = { now: 0 }
  let full = true
  const taken: number[] = []
  const stack = new Stack({ protocols: [udp()], clock: () => clock.now })
  stack.addInterface({
    medium: 'ip', mtu: 1500, hardwareAddress: undefined, offload: { transmit: false, receive: false },
    attach: () => undefined,
    close: () => undefined,
    transmit(_bytes, start, end) {
      if (!full) taken.push(end - start)
      return !full
    },
  }, { addresses: ['10.0.0.1/24'] })
  const socket = stack.datagram()
  const to = { hostname: '10.0.0.2', port: 9 }
  const abort = new AbortController()
  const sends = [fate(socket.send(pattern(1), to)), fate(socket.send(pattern(2), to, abort)), socket.send(pattern(3), to)]
  abort.abort('enough')
  expect(await sends[1]).toBe('enough')
  for (clock.now = 0; clock.now < 10; clock.now++) stack.poll()
  expect(taken).toEqual([])
  full = false
  for (; clock.now < 12; clock.now++) stack.poll()
  expect(await Promise.all(sends)).toEqual(['ok', 'enough', 3])
  expect(taken).toEqual([29, 31])
})

test('a UDP-only stack has no TCP: EPROTONOSUPPORT', async () => {
  const stack = new Stack({ protocols: [udp()] })
  expect(await fate(stack.connect({ hostname: '127.0.0.1', port: 80 }))).toBe('EPROTONOSUPPORT')
  expect(() => stack.socket('stream')).toThrow('socket EPROTONOSUPPORT')
  expect(() => stack.listen({ port: 80 })).toThrow('listen EPROTONOSUPPORT')
  expect(() => stack.socket('raw' as 'stream')).toThrow(TypeError)
})

describe('calls that follow each other', () => {
  test('look at the clock once a burst, and never get a time from before the last poll', () => {
    let time = 5
    let readings = 0
    const times: number[] = []
    const stack = new Stack({
      protocols: [udp()], clock: () => (readings++, time), observer: { packetOut: (_index, _bytes, _start, _end, now) => times.push(now) },
    })
    stack.addInterface(pair()[0], { addresses: ['10.0.0.1/24'] })
    const socket = stack.socket('datagram')
    const burst = (): [number, number[]] => {
      const before = readings
      times.length = 0
      for (let i = 0; i < 20; i++) expect(socket.sendto(pattern(3), '10.0.0.2', 7)).toBe(3)
      return [readings - before, [...new Set(times)]]
    }
    stack.poll()
    // A call that throws leaves nothing behind.
    expect(() => socket.sendto(pattern(3), '10.0.0.2', 7, 0, 4)).toThrow(RangeError)
    time = 10
    const [count, seen] = burst()
    expect(count).toBeLessThanOrEqual(2)
    expect(seen).toEqual([10])
    stack.poll()
    time = 20
    expect(burst()[1]).toEqual([20])
  })

  test('go where each of them says', () => {
    const destinations: string[] = []
    const stack = new Stack({
      protocols: [udp()],
      observer: { packetOut: (_index, bytes, start) => destinations.push(bytes.subarray(start + 16, start + 20).join('.')) },
    })
    stack.addInterface(pair()[0], { addresses: ['10.0.0.1/24'] })
    const socket = stack.socket('datagram')
    expect(socket.sendto(pattern(3), '', 7)).toBe(Errno.EINVAL)
    const to = ['10.0.0.2', '10.0.0.2', '10.0.0.3', 'nowhere', 'nowhere', '10.0.0.3', '10.0.0.2']
    expect(to.map((address) => socket.sendto(pattern(3), address, 7))).toEqual([3, 3, 3, Errno.EINVAL, Errno.EINVAL, 3, 3])
    expect(destinations).toEqual(['10.0.0.2', '10.0.0.2', '10.0.0.3', '10.0.0.3', '10.0.0.2'])
  })
})
