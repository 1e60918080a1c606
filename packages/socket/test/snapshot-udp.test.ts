import { Simulation } from '@layerfour/sim'
import { pair } from '@layerfour/link'
import type { Device } from '@layerfour/link'
import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { StackSnapshot } from '../src/index.ts'
import { Datagram, decodeSnapshot, encodeSnapshot, runVirtual, Stack, tcp, udp } from '../src/index.ts'

function carry(snapshot: StackSnapshot): StackSnapshot {
  return decodeSnapshot(encodeSnapshot(snapshot)) as StackSnapshot
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (from: string): Uint8Array => new TextEncoder().encode(from)

/** `home` at 10.0.0.1, whose stack can be made anew, and `peer` at 10.0.0.2, in virtual time. */
class Movable {
  readonly simulation = new Simulation()
  readonly peer: Stack
  home: Stack
  ahead = 0
  /** Packets that the home stack sent. */
  sent = 0
  readonly #device: Device

  constructor() {
    const [left, right] = pair()
    this.#device = left
    this.home = this.stack()
    this.peer = new Stack({ protocols: [tcp(), udp()], clock: () => this.simulation.now, secret: Int32Array.of(2, 2, 2, 2) })
    this.peer.addInterface(right, { addresses: ['10.0.0.2/24'] })
    this.simulation.add(this.peer, 'peer')
    this.simulation.add(this, 'home')
  }

  stack(): Stack {
    const { ahead } = this
    const stack = new Stack({
      protocols: [tcp(), udp()], clock: () => this.simulation.now + ahead, secret: Int32Array.of(1, 1, 1, ahead),
      observer: { packetOut: () => { this.sent++ } },
    })
    stack.addInterface(this.#device, { addresses: ['10.0.0.1/24'] })
    return stack
  }

  replace(): Stack {
    this.ahead += 5_000_000
    this.home = this.stack()
    return this.home
  }

  poll(): number {
    return this.home.poll() - this.ahead
  }

  get deadline(): number {
    return this.home.deadline - this.ahead
  }

  get activity(): number {
    return this.home.activity
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return runVirtual(this.simulation, [this.peer, this], { until: work(), limit: 3_600_000, patience: 100 })
  }

  async sleep(ms: number): Promise<void> {
    const end = this.simulation.now + ms
    await runVirtual(this.simulation, [this.peer, this], { limit: end, patience: 100 }).catch(() => undefined)
  }
}

describe('UDP sockets in a snapshot', () => {
  test('bound and connected ones go on with what waits in them, their options and their port', async () => {
    const hosts = new Movable()
    await hosts.run(async () => {
      const bound = hosts.home.datagram({ hostname: '10.0.0.1', port: 53, hopLimit: 7, trafficClass: 8, broadcast: true })
      const connected = hosts.home.datagram({ remote: { hostname: '10.0.0.2', port: 99 } })
      const unbound = hosts.home.socket('datagram')
      unbound.setsockopt('SO_REUSEADDR', 1)
      const peer = hosts.peer.datagram({ hostname: '10.0.0.2', port: 99 })
      await peer.send(bytes('first'), bound.localAddress)
      await peer.send(bytes('second'), bound.localAddress)
      await peer.send(bytes('to the client'), { hostname: '10.0.0.1', port: connected.localAddress.port })
      for (let turn = 0; turn < 4; turn++) { hosts.peer.poll(); hosts.home.poll() }
      const fingerprint = hosts.home.fingerprint()
      const snapshot = carry(hosts.home.snapshot())
      const home = hosts.replace()
      expect(home.fingerprint()).not.toBe(fingerprint)
      expect(home.restore(snapshot)).toEqual([])
      expect(home.fingerprint()).toBe(fingerprint)

      const sockets = home.sockets('datagram')
      expect(sockets.map(({ localAddress }) => localAddress)).toEqual([bound.localAddress, connected.localAddress, undefined])
      expect(sockets[2]!.getsockopt('SO_REUSEADDR')).toBe(1)
      const [one, two] = sockets.slice(0, 2).map((socket) => new Datagram(socket)) as [Datagram, Datagram]
      expect(['IP_TTL', 'IPV6_UNICAST_HOPS', 'IP_TOS', 'IPV6_TCLASS', 'SO_BROADCAST'].map((name) => one.socket.getsockopt(name as 'IP_TTL')))
        .toEqual([7, 7, 8, 8, 1])
      expect([text((await one.receive()).data), text((await one.receive()).data)]).toEqual(['first', 'second'])
      const { data, remoteAddress } = await two.receive()
      expect([text(data), remoteAddress]).toEqual(['to the client', { hostname: '10.0.0.2', port: 99 }])
      await two.send(bytes('back'))
      expect((await peer.receive()).remoteAddress).toEqual({ hostname: '10.0.0.1', port: connected.localAddress.port })
      expect(() => home.datagram({ hostname: '10.0.0.1', port: 53 })).toThrow('bind EADDRINUSE')
    })
  })

  test('of sockets that share a port the newest receives, whichever was opened first', async () => {
    const hosts = new Movable()
    await hosts.run(async () => {
      const [a, b] = [hosts.home.socket('datagram'), hosts.home.socket('datagram')]
      for (const socket of [a, b]) socket.setsockopt('SO_REUSEADDR', 1)
      // The one that was opened first is bound last.
      expect([b.bind('10.0.0.1', 77), a.bind('10.0.0.1', 77)]).toEqual([0, 0])
      const snapshot = carry(hosts.home.snapshot())
      const home = hosts.replace()
      home.restore(snapshot)
      await hosts.peer.datagram().send(bytes('x'), { hostname: '10.0.0.1', port: 77 })
      for (let turn = 0; turn < 4; turn++) { hosts.peer.poll(); hosts.home.poll() }
      expect(home.sockets('datagram').map(({ nextLength }) => nextLength)).toEqual([1, -1])
    })
  })

  test('detach: one socket moves alone, and its promises settle with ECANCELED', async () => {
    const hosts = new Movable()
    await hosts.run(async () => {
      const [moving, staying] = [hosts.home.datagram({ port: 1000 }), hosts.home.datagram({ port: 2000 })]
      const pending = moving.receive().catch((error: Error) => error.message)
      const snapshot = moving.socket.detach() as StackSnapshot
      expect(await pending).toBe('receive ECANCELED')
      expect([moving.socket.detach(), moving.socket.send(bytes('x'))]).toEqual([Errno.ECANCELED, Errno.ECANCELED])
      const other = hosts.stack()
      other.restore(carry(snapshot))
      expect(other.sockets('datagram').map(({ localAddress }) => localAddress!.port)).toEqual([1000])
      expect(hosts.home.sockets('datagram')).toEqual([staying.socket])
      other.close()
    })
  })

  test('all or nothing: a port that is taken undoes everything, and so does a failing TCP part', () => {
    const hosts = new Movable()
    for (const port of [1000, 2000]) hosts.home.datagram({ port })
    hosts.home.listen({ port: 80 })
    const snapshot = carry(hosts.home.detach())
    const home = hosts.replace()
    const hog = home.datagram({ port: 2000 })
    expect(() => home.restore(snapshot)).toThrow('restore EADDRINUSE [::]:2000')
    expect([home.sockets('datagram').length, home.sockets('stream').length]).toEqual([1, 0])
    hog.close()
    const listener = home.listen({ port: 80 })
    expect(() => home.restore(snapshot)).toThrow('bind EADDRINUSE [::]:80')
    expect(home.sockets('datagram')).toEqual([])
    listener.close()
    expect(home.restore(snapshot)).toHaveLength(1)
    expect(home.sockets('datagram')).toHaveLength(2)
  })

  test('a stack without TCP has snapshots too', () => {
    const stack = new Stack({ protocols: [udp()] })
    stack.datagram({ port: 53 })
    const snapshot = carry(stack.snapshot())
    expect(snapshot.tcp).toBeNull()
    const other = new Stack({ protocols: [udp()] })
    expect(other.restore(snapshot)).toEqual([])
    expect(other.fingerprint()).toBe(stack.fingerprint())
    expect(() => other.sockets('stream')).toThrow('sockets EPROTONOSUPPORT')
    stack.close()
    expect(() => stack.snapshot()).toThrow('snapshot ENETDOWN')
    expect(() => stack.fingerprint()).toThrow('fingerprint ENETDOWN')
  })
})

describe('TIME-WAIT in a snapshot', () => {
  test('RFC 9293 §3.10.7.4: a late FIN is answered by the new stack, and the port stays taken until 2MSL are over', async () => {
    const hosts = new Movable()
    const { home, peer } = hosts
    const listener = peer.listen({ port: 80 })
    let client: Awaited<ReturnType<Stack['connect']>> | undefined
    await hosts.run(async () => {
      const [opened, accepted] = await Promise.all([
        home.connect({ hostname: '10.0.0.2', port: 80, local: { port: 4000 } }), listener.accept(),
      ])
      client = opened
      await client.close()
      await accepted.close()
    })
    const [entry, ...more] = home.snapshot().tcp!.timeWait
    expect(more).toEqual([])
    expect(entry).toMatchObject({ localPort: 4000, remotePort: 80, timestamps: true })

    const fingerprint = home.fingerprint()
    const snapshot = carry(home.detach())
    const next = hosts.replace()
    next.restore(snapshot)
    expect([next.fingerprint(), next.accounting().protocols.tcp!.flows]).toEqual([fingerprint, 1])
    // The port is still taken towards this peer.
    const again = next.socket('stream')
    expect([again.bind('10.0.0.1', 4000), again.connect('10.0.0.2', 80)]).toEqual([0, Errno.EADDRNOTAVAIL])
    again.close()
    await hosts.run(() => Promise.resolve())

    // The peer's FIN comes once more, as if our last ACK had been lost.
    const before = hosts.sent
    next.internet.receive(1, lateFin(entry!.rcvNxt, entry!.sndNxt, entry!.timestampRecent), 0, 52, next.now())
    next.poll()
    expect(hosts.sent).toBe(before + 1)
    await hosts.sleep(60_001)
    expect(next.accounting().protocols.tcp!.flows).toBe(0)
  })
})

/** An IPv4 packet from 10.0.0.2:80 to 10.0.0.1:4000 with a FIN just before `rcvNxt`. */
function lateFin(rcvNxt: number, sndNxt: number, timestamp: number): Uint8Array {
  const packet = new Uint8Array(52)
  const view = new DataView(packet.buffer)
  view.setUint16(0, 0x4500)
  view.setUint16(2, 52)
  view.setUint16(8, 0x4006)
  view.setUint32(12, 0x0a000002)
  view.setUint32(16, 0x0a000001)
  view.setUint16(20, 80)
  view.setUint16(22, 4000)
  view.setInt32(24, rcvNxt - 1)
  view.setInt32(28, sndNxt)
  view.setUint16(32, 0x8011)
  view.setUint16(34, 65_535)
  view.setUint32(40, 0x0101080a)
  view.setInt32(44, timestamp)
  const sum = (from: number, to: number, start: number): number => {
    let total = start
    for (let at = from; at < to; at += 2) total += view.getUint16(at)
    while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
    return ~total & 0xffff
  }
  view.setUint16(10, sum(0, 20, 0))
  view.setUint16(36, sum(12, 52, 6 + 32))
  return packet
}
