import { Arena } from '@layerfour/storage'
import {
  copyIpAddress, createPacketMeta, createTcpHeader, DropReason, Errno, TcpFlags, writeTcp, writeTransportChecksum,
} from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { Connection, TcpListener } from '../src/index.ts'
import { Readiness, State, Tcp } from '../src/index.ts'
import { address, describe as describePacket, FakeNetwork, PEER, Script, SECRET, US } from './harness.ts'

/** One rule of RFC 9293 a test: how connections begin (§3.4, §3.5, §3.7.1, §3.9.1.1). */

/** The ISN of the SYN that an active OPEN sends at `now`, in units of 4 µs, modulo 2³². */
function isnAt(now: number, { secret = SECRET, localPort = 40_000, remotePort = 80, peer = PEER } = {}): number {
  const script = new Script({ secret })
  script.now = now
  script.tcp.connect(script.network.own, localPort, address(peer), remotePort, {}, now)
  script.poll()
  return describePacket(script.network.sent[0]!).seq
}

const difference = (a: number, b: number): number => (a - b) >>> 0

/** A SYN with addresses of the test's choice. */
function synBetween(script: Script, source: string, destination: string): DropReason {
  const header = createTcpHeader()
  header.sourcePort = 40_000
  header.destinationPort = 80
  header.flags = TcpFlags.SYN
  const bytes = new Uint8Array(60)
  const length = writeTcp(header, bytes, 0)
  const meta = createPacketMeta()
  copyIpAddress(address(source), meta.source)
  copyIpAddress(address(destination), meta.destination)
  writeTransportChecksum(meta.source, meta.destination, 6, bytes, 0, length)
  return script.tcp.receive(meta, bytes, 0, length, script.now)
}

/** Carries segments from one end to the other for 20 ms; how many those were. */
function exchange(ends: { network: FakeNetwork, tcp: Tcp }[], start = 0): number {
  const meta = createPacketMeta()
  let segments = 0
  for (let now = start; now < start + 20; now++) {
    for (const { tcp } of ends) tcp.poll(now)
    const flying = ends.map(({ network }) => network.sent.splice(0))
    flying.forEach((packets, from) => {
      for (const { source, destination, bytes } of packets) {
        segments++
        copyIpAddress(source, meta.source)
        copyIpAddress(destination, meta.destination)
        ends[1 - from]!.tcp.receive(meta, bytes, 0, bytes.length, now)
      }
    })
  }
  return segments
}

describe('RFC 9293 §3.4.1: initial sequence numbers', () => {
  test('MUST-8: they follow a clock that ticks every 4 µs and wraps after 4.77 hours', () => {
    expect(difference(isnAt(1001), isnAt(1000))).toBe(250)
    expect(difference(isnAt(1000.004), isnAt(1000))).toBe(1)
    expect(difference(isnAt(3_601_000), isnAt(1000))).toBe(900_000_000)
    expect(difference(isnAt(1000 + 2 ** 32 / 250), isnAt(1000))).toBe(0)
  })

  test('MUST-9: another secret gives unrelated numbers: what is seen on one connection tells nothing of another', () => {
    const gaps = [Int32Array.of(1, 2, 3, 4), Int32Array.of(1, 2, 3, 5), Int32Array.of(9, 9, 9, 9)]
      .map((secret) => difference(isnAt(1000, { secret, localPort: 40_001 }), isnAt(1000, { secret })))
    expect(new Set(gaps).size).toBe(3)
  })

  test('SHLD-1: M + F(localip, localport, remoteip, remoteport, secretkey): each of them counts, and nothing else does', () => {
    expect(isnAt(1000)).toBe(isnAt(1000))
    const others = [
      isnAt(1000, { localPort: 40_001 }), isnAt(1000, { remotePort: 81 }), isnAt(1000, { peer: '10.0.0.3' }),
      isnAt(1000, { localPort: 80, remotePort: 40_000 }), isnAt(1000, { secret: Int32Array.of(0, 2, 3, 4) }),
    ]
    expect(new Set([isnAt(1000), ...others]).size).toBe(6)
  })
})

describe('RFC 9293 §3.5: opening', () => {
  test('MUST-11: a reset in SYN-RECEIVED returns a passive OPEN to LISTEN, silently, and refuses an active one', () => {
    const passive = new Script()
    const listener = passive.listen()
    passive.send({ flags: 'S', seq: 500 })
    passive.expect({ flags: 'SA', seq: 100, ack: 501 })
    passive.send({ flags: 'R', seq: 501 })
    passive.quiet()
    expect([listener.halfOpen, listener.waiting, listener.closed]).toEqual([0, 0, false])
    expect(passive.tcp.size).toBe(0)
    passive.send({ flags: 'S', seq: 700 })
    passive.expect({ flags: 'SA', seq: 100, ack: 701 })

    const active = new Script().connect().expect({ flags: 'S', seq: 100 })
    active.send({ flags: 'S', seq: 500 })
    active.expect({ flags: 'SA', seq: 100, ack: 501 })
    active.send({ flags: 'R', seq: 501 })
    expect(active.read()).toBe(Errno.ECONNREFUSED)
  })

  test('MUST-10: two sides that open at once and hear each other only after a retransmission end established', () => {
    const script = new Script().connect().expect({ flags: 'S', seq: 100 })
    script.advance(1000).expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.advance(2000).expect({ flags: 'SA', seq: 100, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 101 })
    script.quiet()
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('MUST-10: so do two of our own that open at once, after four segments and no more', () => {
    const ends = [[US, 1000, PEER, 2000], [PEER, 2000, US, 1000]].map(([local, localPort, remote, remotePort]) => {
      const network = new FakeNetwork(local as string)
      const tcp = new Tcp(network, { arena: new Arena(1 << 16), secret: SECRET, maxConnections: 8 })
      const connection = tcp.connect(network.own, localPort as number, address(remote as string), remotePort as number, {}, 0)
      return { network, tcp, connection: connection as Connection }
    })
    expect(exchange(ends)).toBeLessThanOrEqual(6)
    expect(ends.map(({ connection }) => connection.state)).toEqual([State.ESTABLISHED, State.ESTABLISHED])
  })

  test('§3.5: a connection to itself is one that both sides open at once', () => {
    const network = new FakeNetwork(US)
    const tcp = new Tcp(network, { arena: new Arena(1 << 16), secret: SECRET, maxConnections: 8 })
    const connection = tcp.connect(network.own, 1000, network.own, 1000, {}, 0) as Connection
    const end = { network, tcp, connection }
    expect(exchange([end, end])).toBeLessThanOrEqual(4)
    expect(connection.state).toBe(State.ESTABLISHED)
    connection.send(new TextEncoder().encode('to myself'), 0, 9)
    exchange([end, end], 20)
    const text = new Uint8Array(20)
    expect(new TextDecoder().decode(text.subarray(0, connection.receive(text, 0, 20)))).toBe('to myself')
  })

  test('MUST-22: a SYN,ACK too is sent again with doubled waits, and given up', () => {
    const script = new Script({ synAckRetries: 5 })
    const listener = script.listen()
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    for (const wait of [1000, 2000, 4000, 8000, 16_000]) {
      script.advance(wait - 1).quiet()
      script.advance(1).expect({ flags: 'SA', seq: 100, ack: 501 })
    }
    script.advance(31_999).quiet()
    expect(listener.halfOpen).toBe(1)
    script.advance(1).quiet()
    expect(script.tcp.size).toBe(0)
    expect(script.tcp.timerCount).toBe(0)
    expect(listener.halfOpen).toBe(0)
  })

  test('MUST-22: how often, a setting says', () => {
    for (const synAckRetries of [0, 1, 6]) {
      const script = new Script({ synAckRetries })
      script.listen()
      script.send({ flags: 'S', seq: 500 })
      const answers: string[] = []
      for (let second = 0; second < 400; second++, script.advance(1000)) {
        script.poll()
        answers.push(...script.network.sent.splice(0).map((packet) => describePacket(packet).flags))
      }
      expect(answers).toEqual([...new Array<string>(1 + synAckRetries).fill('SA')])
    }
    expect(() => new Script({ synAckRetries: -1 })).toThrow(RangeError)
    expect(() => new Script({ synAckRetries: 256 })).toThrow(RangeError)
  })

  test('MUST-22: what was given up, the next SYN begins anew', () => {
    const script = new Script({ synAckRetries: 0 })
    const listener = script.listen()
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.advance(1000).quiet()
    expect(listener.halfOpen).toBe(0)
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 101 })
    script.advance(100_000).quiet()
    expect(listener.accept()!.state).toBe(State.ESTABLISHED)
  })

  test('MUST-23: an open attempt of ours has its three minutes also after the SYN of the peer', () => {
    const script = new Script({ synAckRetries: 0 }).connect().expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'S', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    for (let second = 0; second < 179; second++) script.advance(1000).poll()
    expect(script.connection.state).toBe(State['SYN-RECEIVED'])
    script.send({ flags: 'A', seq: 501, ack: 101 })
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('MUST-22: the user of an active OPEN is told when the SYN stays unanswered', () => {
    const script = new Script({ synTimeout: 5000 }).connect().expect({ flags: 'S', seq: 100 })
    script.news()
    script.advance(5000).poll()
    const [[who, events]] = script.news() as [[unknown, number]]
    expect(who).toBe(script.connection)
    expect(events & (Readiness.Closed | Readiness.Error)).toBe(Readiness.Closed | Readiness.Error)
    expect(script.connection.takeError()).toBe(Errno.ETIMEDOUT)
  })
})

describe('RFC 9293 §3.7.1: maximum segment size', () => {
  test('SHLD-5, MAY-3: every SYN and SYN,ACK announces it', () => {
    const active = new Script()
    active.network.mtu = 1400
    active.connect().expect({ flags: 'S', seq: 100, mss: 1360 })
    active.advance(1000).expect({ flags: 'S', seq: 100, mss: 1360 })
    active.send({ flags: 'S', seq: 500 })
    active.expect({ flags: 'SA', seq: 100, ack: 501, mss: 1360 })
    const passive = new Script()
    passive.listen()
    passive.network.mtu = 576
    passive.send({ flags: 'S', seq: 500 })
    passive.expect({ flags: 'SA', seq: 100, ack: 501, mss: 536 })
  })

  test('MUST-67: it is what the path takes less fixed headers of 40 bytes, and never more than 65,535', () => {
    for (const [mtu, mss] of [[1500, 1460], [1492, 1452], [9000, 8960], [65_535, 65_495]] as const) {
      const script = new Script()
      script.network.mtu = mtu
      script.connect().expect({ flags: 'S', seq: 100, mss })
    }
  })

  test('MUST-14: the MSS option is sent and taken: no segment is larger than either side allows', () => {
    const script = new Script()
    script.network.mtu = 1200
    script.establish({}, { mss: 1300 })
    script.write(3000)
    script.poll()
    expect(Math.max(...script.network.sent.map((packet) => String(describePacket(packet).text).length))).toBe(1160)
  })
})

describe('RFC 9293 §3.9.1.1: OPEN', () => {
  test('MUST-41: a second passive OPEN of the same address and port is an error, and the first is as before', () => {
    const script = new Script()
    const listener = script.listen()
    script.send({ flags: 'S', seq: 500 })
    expect(script.tcp.listen(script.network.own, 80, { backlog: 1 })).toBe(Errno.EADDRINUSE)
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    expect([listener.halfOpen, listener.backlog]).toEqual([1, 128])
    expect([...listeners(script)]).toEqual([listener])
  })

  test('MUST-42: a port can be listened on while connections from it are in SYN-SENT and SYN-RECEIVED', () => {
    const script = new Script().connect().expect({ flags: 'S', seq: 100 })
    const listener = script.tcp.listen(script.network.own, script.localPort, { iss: 700 }) as TcpListener
    script.send({ flags: 'S', seq: 500 })
    expect(script.connection.state).toBe(State['SYN-RECEIVED'])
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.remotePort = 9999
    script.send({ flags: 'S', seq: 800 })
    expect(listener.halfOpen).toBe(1)
  })

  test('MUST-43: a passive OPEN may name the local address: SYNs to others are not for it', () => {
    const script = new Script()
    script.network.isLocal = () => true
    script.tcp.listen(address('10.0.0.99'), 80)
    expect(synBetween(script, PEER, US)).toBe(DropReason.NoConnection)
    expect(synBetween(script, PEER, '10.0.0.99')).toBe(DropReason.None)
  })

  test('MUST-43: so may an active one: that is the address its SYN comes from', () => {
    const script = new Script()
    script.network.findPath = (_destination, source, path) => {
      copyIpAddress(source, path.source)
      path.mtu = 1500
      path.checksumNeeded = true
      return DropReason.None
    }
    script.tcp.connect(address('10.0.0.99'), 1000, address(PEER), 80, {}, script.now)
    script.poll()
    expect(script.network.sent[0]!.source).toEqual(address('10.0.0.99'))
  })

  test('MUST-44: an active OPEN without one asks the internet layer before the SYN goes', () => {
    const script = new Script()
    script.tcp.connect(address('0.0.0.0'), 1000, address(PEER), 80, {}, script.now)
    script.poll()
    expect(script.network.sent[0]!.source).toEqual(address(US))
  })

  test('MUST-45: from then on every segment has that address, whatever routes do', () => {
    const script = new Script().establish()
    const path = script.network.findPath.bind(script.network)
    script.network.findPath = (destination, source, into) => {
      const reason = path(destination, source, into)
      copyIpAddress(address('10.0.0.77'), into.source)
      return reason
    }
    script.write('text')
    script.poll()
    script.advance(1000).poll()
    script.connection.shutdownSend()
    script.poll()
    expect(script.network.sent.length).toBeGreaterThan(2)
    for (const { source } of script.network.sent) expect(source).toEqual(address(US))
  })

  test('MUST-57: a SYN to a multicast or broadcast address is dropped in silence', () => {
    const script = new Script()
    script.tcp.listen(address('0.0.0.0'), 80)
    for (const destination of ['224.0.0.1', '255.255.255.255', '10.0.0.255']) {
      expect(synBetween(script, PEER, destination)).toBe(DropReason.NotForUs)
    }
    script.quiet()
    expect(script.tcp.size).toBe(0)
  })
})

function listeners(script: Script): TcpListener[] {
  const all: TcpListener[] = []
  script.tcp.forEachListener((listener) => all.push(listener))
  return all
}
