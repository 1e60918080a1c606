import { bbr, cubic, reno, vegas } from '@layerfour/flow'
import type { CongestionControl } from '@layerfour/flow'
import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { Observer, StackSnapshot, TcpSocket } from '../src/index.ts'
import { decodeSnapshot, encodeSnapshot, Stack, tcp, TcpConnection } from '../src/index.ts'
import { Hosts, pattern } from './support/hosts.ts'

/** A connection between two base sockets, opened now, and who listens. */
function connected(hosts: Hosts, prepare: (client: TcpSocket, passive: TcpSocket) => void = () => undefined): TcpSocket[] {
  const [client, passive] = [hosts.client.socket('stream'), hosts.server.socket('stream')]
  prepare(client, passive)
  expect([passive.bind('10.0.0.2', 80), passive.listen()]).toEqual([0, 0])
  expect(client.connect('10.0.0.2', 80)).toBe(Errno.EINPROGRESS)
  for (let turn = 0; turn < 20; turn++) for (const stack of [hosts.client, hosts.server]) stack.poll(hosts.simulation.now)
  return [client, passive.accept() as TcpSocket, passive]
}

const nameOf = (socket: TcpSocket): string => socket.getsockopt('TCP_CONGESTION')
const named = { congestionControls: [reno, vegas] } as const

describe('TCP_CONGESTION', () => {
  test('is CUBIC, or what the stack was made with', () => {
    expect(new Hosts().client.socket('stream').getsockopt('TCP_CONGESTION')).toBe('cubic')
    const hosts = new Hosts({ tcp: { congestionControl: vegas } })
    expect(connected(hosts).map(nameOf)).toEqual(['vegas', 'vegas', 'vegas'])
  })

  test('takes an object, or the name of one that the stack knows; ENOENT for other names, and nothing changes', () => {
    const socket = new Hosts({ tcp: named }).client.socket('stream')
    expect([socket.setsockopt('TCP_CONGESTION', 'vegas'), nameOf(socket)]).toEqual([0, 'vegas'])
    expect([socket.setsockopt('TCP_CONGESTION', bbr), nameOf(socket)]).toEqual([0, 'bbr'])
    for (const name of ['', 'Vegas', 'dctcp', 'toString']) expect(socket.setsockopt('TCP_CONGESTION', name)).toBe(Errno.ENOENT)
    expect(nameOf(socket)).toBe('bbr')
    expect(Errno.ENOENT).toBe(-2)
    expect([socket.setsockopt('TCP_CONGESTION', 'cubic'), nameOf(socket)]).toEqual([0, 'cubic'])
    for (const wrong of [1, null, {}, { ...reno, onAck: 1 }]) {
      expect(() => socket.setsockopt('TCP_CONGESTION', wrong as unknown as CongestionControl)).toThrow(TypeError)
    }
    socket.close()
    expect(socket.setsockopt('TCP_CONGESTION', 'reno')).toBe(Errno.EBADF)
  })

  test('set before connect and listen: connections begin with it, accepted ones inherit it', () => {
    const hosts = new Hosts({ tcp: named })
    const sockets = connected(hosts, (client, passive) => {
      client.setsockopt('TCP_CONGESTION', 'reno')
      passive.setsockopt('TCP_CONGESTION', bbr)
    })
    expect(sockets.map(nameOf)).toEqual(['reno', 'bbr', 'bbr'])
    expect(sockets[0]!.info()).toMatchObject({ congestionControl: 'reno', cwnd: sockets[0]!.info()!.mss })
    expect(sockets[1]!.info()!.congestionControl).toBe('bbr')
  })

  test('set later: an open connection goes on with its window, a listener passes it on from then on', () => {
    const hosts = new Hosts({ tcp: named })
    const [client, accepted, passive] = connected(hosts) as [TcpSocket, TcpSocket, TcpSocket]
    const { cwnd } = client.info()!
    expect([client.setsockopt('TCP_CONGESTION', 'vegas'), nameOf(client), client.info()!.cwnd]).toEqual([0, 'vegas', cwnd])
    passive.setsockopt('TCP_CONGESTION', 'reno')
    expect([nameOf(accepted), nameOf(passive)]).toEqual(['cubic', 'reno'])
    const second = hosts.client.socket('stream')
    second.connect('10.0.0.2', 80)
    for (let turn = 0; turn < 20; turn++) for (const stack of [hosts.client, hosts.server]) stack.poll(hosts.simulation.now)
    expect(nameOf(passive.accept() as TcpSocket)).toBe('reno')
  })
})

describe('congestion control of the promise facade', () => {
  test('connect, listen and configure take an object or a known name; the others are told what is known', async () => {
    const hosts = new Hosts({ tcp: named })
    await hosts.run(async () => {
      const listener = hosts.server.listen({ port: 80, congestionControl: 'reno', pacing: true })
      const connecting = hosts.client.connect({ hostname: '10.0.0.2', port: 80, congestionControl: bbr })
      const [client, server] = await Promise.all([connecting, listener.accept()])
      expect([client, server].map(({ socket }) => nameOf(socket))).toEqual(['bbr', 'reno'])
      expect([client, server].map(({ socket }) => socket.getsockopt('TCP_PACING'))).toEqual([0, 1])
      client.configure({ congestionControl: 'vegas', pacing: true })
      expect([nameOf(client.socket), client.socket.getsockopt('TCP_PACING')]).toEqual(['vegas', 1])

      const unknown = "congestionControl is 'hybla', expected an object, or a name that this stack knows: cubic, reno, vegas"
      const before = [hosts.client, hosts.server].map((stack) => stack.accounting())
      await expect(hosts.client.connect({ hostname: '10.0.0.2', port: 80, congestionControl: 'hybla' })).rejects.toThrow(new RangeError(`${unknown}, bbr`))
      expect(() => hosts.server.listen({ port: 81, congestionControl: 'hybla' })).toThrow(new RangeError(unknown))
      expect(() => client.configure({ pacing: false, congestionControl: 'hybla' })).toThrow(RangeError)
      expect(client.socket.getsockopt('TCP_PACING')).toBe(1)
      expect([hosts.client, hosts.server].map((stack) => stack.accounting())).toEqual(before)
      for (const connection of [client, server]) connection.abort()
    })
  })

  test('an observer of the stack gets the trace, beside what the stack itself watches', async () => {
    const windows: number[] = []
    const observer: Observer = { congestionTrace: (_tcb, { cwnd }) => void windows.push(cwnd) }
    const hosts = new Hosts({ client: { observer } })
    await hosts.run(async () => {
      const listener = hosts.server.listen({ port: 80 })
      const [client, server] = await Promise.all([hosts.client.connect({ hostname: '10.0.0.2', port: 80 }), listener.accept()])
      await client.write(pattern(100_000))
      const into = new Uint8Array(65_536)
      for (let got = 0; got < 100_000;) got += (await server.read(into))!
      expect(windows[0]).toBe(10 * client.socket.info()!.mss)
      expect(windows.at(-1)).toBe(client.socket.info()!.cwnd)
      for (const connection of [client, server]) connection.abort()
    })
  })
})

describe('snapshots', () => {
  /** A stack with the client's address that knows `controls`. */
  const other = (controls: readonly CongestionControl[]): Stack => {
    const stack = new Stack({ protocols: [tcp({ congestionControl: vegas, congestionControls: controls })], clock: () => 0 })
    stack.internet.addAddress(0, { address: { w0: 0, w1: 0, w2: 0xffff, w3: 0x0a00_0001 }, length: 32 })
    return stack
  }

  test('sockets and connections find their congestion control by its name, whatever the stack\'s own is', () => {
    const hosts = new Hosts({ tcp: named })
    const [client] = connected(hosts, (active) => active.setsockopt('TCP_CONGESTION', 'reno'))
    const fresh = hosts.client.socket('stream')
    const before = hosts.client.fingerprint()
    fresh.setsockopt('TCP_CONGESTION', bbr)
    expect(hosts.client.fingerprint()).not.toBe(before)
    hosts.client.socket('stream')
    const { version, tcp: snapshot } = decodeSnapshot(encodeSnapshot(hosts.client.snapshot())) as StackSnapshot
    const stack = other([bbr, reno, cubic])
    const sockets = stack.restore({ version, tcp: snapshot, udp: null })
    expect(sockets.map(nameOf)).toEqual(['reno', 'bbr', 'vegas'])
    expect(sockets[0]!.info()!.cwnd).toBe(client!.info()!.cwnd)
    new TcpConnection(sockets[0]!).abort()
  })

  test('a stack that does not know one says which, and which it knows, and is as it was', () => {
    const hosts = new Hosts({ tcp: named })
    connected(hosts, (active) => active.setsockopt('TCP_CONGESTION', 'reno'))
    const snapshot = { ...hosts.client.snapshot(), udp: null }
    const stack = other([bbr])
    const message = 'the snapshot\'s congestion control is reno, this stack knows vegas, bbr; expected it among tcp({ congestionControls })'
    expect(() => stack.restore(snapshot)).toThrow(new TypeError(message))
    expect(stack.sockets('stream')).toEqual([])
    const { tcp: { sockets: [first] } } = snapshot as { tcp: NonNullable<StackSnapshot['tcp']> }
    const unconnected = { ...snapshot, tcp: { ...snapshot.tcp!, sockets: [{ ...first!, connection: null }] } }
    expect(() => stack.restore(unconnected)).toThrow(message)
  })
})
