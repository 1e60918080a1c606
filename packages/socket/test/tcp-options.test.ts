import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { TcpSocket, TcpSocketOption } from '../src/index.ts'
import { Hosts, pattern } from './support/hosts.ts'

const { EINPROGRESS, EINVAL, EISCONN, ENOPROTOOPT, ETIMEDOUT } = Errno

/** Options that hold from now on, whatever the socket does: a value, and values out of range. */
const anytime: readonly [TcpSocketOption, number, readonly number[]][] = [
  ['SO_KEEPALIVE', 1, [NaN]],
  ['TCP_NODELAY', 1, []],
  ['TCP_CORK', 1, []],
  ['TCP_PACING', 1, [NaN]],
  ['TCP_KEEPIDLE', 60, [0, 32_768, 1.5]],
  ['TCP_KEEPINTVL', 5, [0, 32_768]],
  ['TCP_KEEPCNT', 3, [0, 128]],
  ['TCP_USER_TIMEOUT', 30_000, [-1, 2 ** 31]],
  ['SO_LINGER', 7, [-2, 32_768, 0.5]],
  ['IP_TOS', 0xb8, [-1, 256]],
  ['IPV6_TCLASS', 0x20, [-1, 256]],
  ['IP_TTL', 9, [-1, 256]],
  ['IPV6_UNICAST_HOPS', 10, [-1, 256]],
  ['TCP_DEFER_ACCEPT', 4, [-1, 32_768]],
  ['TCP_FASTOPEN', 8, [-1, 65_536]],
  ['TCP_MAX_SYN_BACKLOG', 12, [0, 65_536]],
]

/** Lets packets and callbacks go until nothing is left to be done now. */
function settle({ client, server, simulation }: Hosts): void {
  for (let turn = 0; turn < 20; turn++) for (const stack of [client, server]) stack.poll(simulation.now)
}

/** A connection between two base sockets, opened now. */
function connected(hosts: Hosts, client = hosts.client.socket('stream'), passive = hosts.server.socket('stream')): [TcpSocket, TcpSocket] {
  if (passive.state !== 'LISTEN') expect([passive.bind('10.0.0.2', 80), passive.listen()]).toEqual([0, 0])
  expect(client.connect('10.0.0.2', 80)).toBe(EINPROGRESS)
  settle(hosts)
  const accepted = passive.accept()
  if (typeof accepted === 'number') throw new Error(`accept returned ${accepted}`)
  return [client, accepted]
}

describe('options of a TCP socket', () => {
  test.each(anytime)('%s is read as it was set: before and after connect, and on a listener', (option, value, bad) => {
    const hosts = new Hosts()
    const passive = hosts.server.socket('stream')
    const [client, server] = connected(hosts, undefined, passive)
    const fresh = hosts.client.socket('stream')
    for (const socket of [fresh, client, server, passive]) {
      const first = socket.getsockopt(option)
      expect(first).not.toBe(value)
      for (const wrong of bad) expect(socket.setsockopt(option, wrong)).toBe(EINVAL)
      expect(socket.getsockopt(option)).toBe(first)
      expect([socket.setsockopt(option, value), socket.getsockopt(option)]).toEqual([0, value])
      expect([socket.setsockopt(option, first), socket.getsockopt(option)]).toEqual([0, first])
    }
  })

  test('the figures of the stack hold until they are set, in the units of POSIX', () => {
    const hosts = new Hosts({
      tcp: { keepAlive: true, keepAliveIdle: 1500, keepAliveInterval: 2000, keepAliveCount: 5, userTimeout: 999, hopLimit: 33 },
    })
    const socket = hosts.client.socket('stream')
    const read = (): number[] => (['SO_KEEPALIVE', 'TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT', 'TCP_USER_TIMEOUT', 'IP_TTL', 'SO_LINGER'] as const)
      .map((option) => socket.getsockopt(option))
    expect(read()).toEqual([1, 2, 2, 5, 999, 33, -1])
    connected(hosts, socket)
    expect(read()).toEqual([1, 2, 2, 5, 999, 33, -1])
    socket.setsockopt('TCP_USER_TIMEOUT', 5000)
    expect([socket.setsockopt('TCP_USER_TIMEOUT', 0), socket.getsockopt('TCP_USER_TIMEOUT')]).toEqual([0, 999])
  })

  test('what is only read, and what is no option: ENOPROTOOPT', () => {
    const socket = new Hosts().client.socket('stream')
    for (const option of ['SO_ERROR', 'TCP_MAXSEG', 'SO_NOTHING', 'toString'] as TcpSocketOption[]) {
      expect(socket.setsockopt(option, 1)).toBe(ENOPROTOOPT)
    }
    for (const option of ['SO_NOTHING', 'constructor']) expect(socket.getsockopt(option as TcpSocketOption)).toBe(ENOPROTOOPT)
  })

  test('too late once connected: EISCONN; a listener takes them for connections to come', () => {
    const hosts = new Hosts()
    const passive = hosts.server.socket('stream')
    const [client] = connected(hosts, undefined, passive)
    for (const option of ['SO_RCVBUF', 'SO_SNDBUF', 'TCP_FASTOPEN_CONNECT'] as const) expect(client.setsockopt(option, 4096)).toBe(EISCONN)
    expect([passive.setsockopt('SO_RCVBUF', 5000), passive.setsockopt('SO_SNDBUF', 6000)]).toEqual([0, 0])
    const [, accepted] = connected(hosts, undefined, passive)
    expect([accepted.getsockopt('SO_RCVBUF'), accepted.getsockopt('SO_SNDBUF')]).toEqual([5000, 6000])
  })

  test('accepted sockets inherit from the listener, set before or after listen', () => {
    const hosts = new Hosts()
    const passive = hosts.server.socket('stream')
    const options = anytime.filter(([option]) => !['TCP_DEFER_ACCEPT', 'IPV6_TCLASS', 'IPV6_UNICAST_HOPS'].includes(option))
    const half = options.length >> 1
    passive.setsockopt('SO_REUSEADDR', 1)
    for (const [option, value] of options.slice(0, half)) passive.setsockopt(option, value)
    passive.bind('10.0.0.2', 80)
    passive.listen()
    for (const [option, value] of options.slice(half)) passive.setsockopt(option, value)
    const [client, accepted] = connected(hosts, undefined, passive)
    for (const [option, value] of options) expect([option, accepted.getsockopt(option)]).toEqual([option, value])
    expect(accepted.getsockopt('SO_REUSEADDR')).toBe(1)
    // Theirs are their own from then on.
    accepted.setsockopt('TCP_NODELAY', 0)
    expect([passive.getsockopt('TCP_NODELAY'), client.getsockopt('TCP_NODELAY')]).toEqual([1, 0])
  })

  test('IP_TOS leaves the bits of ECN alone, and both families share one figure', () => {
    const socket = new Hosts().client.socket('stream')
    socket.setsockopt('IP_TOS', 0xbf)
    socket.setsockopt('IPV6_UNICAST_HOPS', 5)
    expect([socket.getsockopt('IPV6_TCLASS'), socket.getsockopt('IP_TTL')]).toEqual([0xbc, 5])
  })

  test('RFC 9293 MUST-48, MUST-49: IP_TOS and IP_TTL show in the packets, before and after connect', () => {
    const packets: number[][] = []
    const packetOut = (index: number, bytes: Uint8Array, start: number): void => {
      if (index > 0) packets.push([bytes[start + 1]!, bytes[start + 8]!])
    }
    const hosts = new Hosts({ client: { observer: { packetOut } } })
    const client = hosts.client.socket('stream')
    client.setsockopt('IP_TOS', 0x10)
    client.setsockopt('IP_TTL', 3)
    connected(hosts, client)
    client.setsockopt('IP_TTL', 4)
    client.send(pattern(1))
    settle(hosts)
    expect(packets).toEqual([[0x10, 3], [0x10, 3], [0x10, 4]])
  })

  test('TCP_CORK holds a part of a segment back until it is turned off', () => {
    const hosts = new Hosts()
    const [client, server] = connected(hosts)
    client.setsockopt('TCP_CORK', 1)
    client.send(pattern(2000))
    settle(hosts)
    expect(server.receiveQueue).toBe(1448)
    client.setsockopt('TCP_CORK', 0)
    settle(hosts)
    expect(server.receiveQueue).toBe(2000)
  })

  test('SO_KEEPALIVE with its three figures ends a connection whose peer is gone', async () => {
    const hosts = new Hosts()
    const [client] = connected(hosts)
    client.setsockopt('TCP_KEEPIDLE', 10)
    client.setsockopt('TCP_KEEPINTVL', 2)
    client.setsockopt('TCP_KEEPCNT', 3)
    client.setsockopt('SO_KEEPALIVE', 1)
    hosts.server.detach()
    const begin = hosts.now
    await hosts.run(() => new Promise<void>((resolve) => { client.onReady = () => resolve() }))
    expect([client.getsockopt('SO_ERROR'), Math.round(hosts.now - begin)]).toEqual([ETIMEDOUT, 16_000])
  })

  test('TCP_USER_TIMEOUT ends a connection whose text nobody acknowledges', async () => {
    const hosts = new Hosts()
    const [client] = connected(hosts)
    client.setsockopt('TCP_USER_TIMEOUT', 3000)
    hosts.server.detach()
    client.send(pattern(1))
    const begin = hosts.now
    await hosts.run(() => new Promise<void>((resolve) => { client.onReady = () => resolve() }))
    expect([client.getsockopt('SO_ERROR'), Math.round(hosts.now - begin)]).toEqual([ETIMEDOUT, 3000])
  })

  test('SO_LINGER 0: close resets, and what was queued is gone', () => {
    const hosts = new Hosts()
    const [client, server] = connected(hosts)
    client.setsockopt('SO_LINGER', 0)
    client.send(pattern(5))
    client.close()
    settle(hosts)
    expect([server.recv(new Uint8Array(9)), server.state, client.state]).toEqual([Errno.ECONNRESET, 'CLOSED', 'CLOSED'])
  })

  test('SO_LINGER above 0: close sends what it can in that time, then resets', async () => {
    const hosts = new Hosts()
    const passive = hosts.server.socket('stream')
    passive.setsockopt('SO_RCVBUF', 4096)
    const [client, server] = connected(hosts, undefined, passive)
    client.setsockopt('SO_LINGER', 2)
    expect(client.send(pattern(30_000))).toBe(30_000)
    client.close()
    await hosts.run(() => hosts.sleep(1999))
    expect(client.state).toBe('FIN-WAIT-1')
    await hosts.run(() => hosts.sleep(2))
    expect([client.state, server.state]).toEqual(['CLOSED', 'CLOSED'])
    expect(hosts.client.accounting().protocols.tcp).toMatchObject({ flows: 0, bytes: 0, timers: 0 })
  })

  test('SO_LINGER above 0 with everything acknowledged in time: an orderly end', async () => {
    const hosts = new Hosts()
    const [client, server] = connected(hosts)
    client.setsockopt('SO_LINGER', 2)
    client.send(pattern(5))
    client.close()
    await hosts.run(() => hosts.sleep(5000))
    expect([server.recv(new Uint8Array(9)), server.recv(new Uint8Array(9)), server.state]).toEqual([5, 0, 'CLOSE-WAIT'])
  })

  test('TCP_DEFER_ACCEPT: a connection is to be accepted with its first text', () => {
    const hosts = new Hosts()
    const passive = hosts.server.socket('stream')
    passive.bind('10.0.0.2', 80)
    passive.listen()
    passive.setsockopt('TCP_DEFER_ACCEPT', 5)
    const client = hosts.client.socket('stream')
    client.connect('10.0.0.2', 80)
    settle(hosts)
    expect(passive.accept()).toBe(Errno.EAGAIN)
    client.send(pattern(3))
    settle(hosts)
    expect((passive.accept() as TcpSocket).receiveQueue).toBe(3)
  })

  test('RFC 7413: TCP_FASTOPEN and TCP_FASTOPEN_CONNECT: text comes with the second SYN', () => {
    const hosts = new Hosts()
    const passive = hosts.server.socket('stream')
    passive.bind('10.0.0.2', 80)
    passive.listen()
    passive.setsockopt('TCP_FASTOPEN', 4)
    const open = (): TcpSocket => {
      const client = hosts.client.socket('stream')
      expect(client.setsockopt('TCP_FASTOPEN_CONNECT', 1)).toBe(0)
      expect([client.connect('10.0.0.2', 80), client.send(pattern(9))]).toEqual([EINPROGRESS, 9])
      return client
    }
    open()
    settle(hosts)
    expect((passive.accept() as TcpSocket).info()!.fastOpen).toBe('off')
    const second = open()
    // One poll: the SYN goes out; the server has the text before it was answered.
    hosts.client.poll(hosts.now)
    hosts.server.poll(hosts.now)
    const accepted = passive.accept() as TcpSocket
    expect([accepted.state, accepted.receiveQueue, accepted.info()!.fastOpen]).toEqual(['SYN-RECEIVED', 9, 'server'])
    settle(hosts)
    expect([second.state, accepted.state, accepted.receiveQueue, second.info()!.fastOpen]).toEqual(['ESTABLISHED', 'ESTABLISHED', 9, 'client'])
  })

  test('TCP_MAX_SYN_BACKLOG: beyond it a SYN is answered by a cookie, and nothing is kept', () => {
    const hosts = new Hosts()
    const passive = hosts.server.socket('stream')
    passive.bind('10.0.0.2', 80)
    passive.listen()
    passive.setsockopt('TCP_MAX_SYN_BACKLOG', 1)
    for (let count = 0; count < 3; count++) hosts.client.socket('stream').connect('10.0.0.2', 80)
    hosts.client.poll(hosts.now)
    expect(hosts.server.accounting().protocols.tcp!.flows).toBe(1)
    settle(hosts)
    expect([passive.accept(), passive.accept(), passive.accept()].every((accepted) => typeof accepted !== 'number')).toBe(true)
  })

  test('options outlive a move of the socket', () => {
    const hosts = new Hosts()
    const passive = hosts.server.socket('stream')
    passive.bind('10.0.0.2', 80)
    passive.listen()
    for (const [option, value] of anytime) passive.setsockopt(option, value)
    const fingerprint = hosts.server.fingerprint()
    const other = new Hosts()
    const [moved] = other.server.restore(structuredClone(hosts.server.detach()))
    for (const [option] of anytime) expect([option, moved!.getsockopt(option)]).toEqual([option, passive.getsockopt(option)])
    expect(other.server.fingerprint()).toBe(fingerprint)
    moved!.setsockopt('TCP_KEEPCNT', 99)
    expect(other.server.fingerprint()).not.toBe(fingerprint)
  })
})
