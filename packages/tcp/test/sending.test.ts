import { DropReason, Errno, IcmpCause, createPacketMeta, copyIpAddress, writeUint16, writeUint32 } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { Readiness, State } from '../src/index.ts'
import { address, describe as describePacket, filler, PEER, Script, wireSequence } from './harness.ts'

describe('retransmission (RFC 6298, RFC 5681)', () => {
  test('a lost segment is sent again after the RTO, which doubles each time', () => {
    const script = new Script().establish()
    script.write('data')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'data' })
    const { rto } = script.connection.info()
    let wait = rto
    for (let round = 0; round < 4; round++) {
      script.advance(wait - 1).quiet()
      script.advance(1).expect({ flags: 'PA', seq: 101, ack: 501, text: 'data' })
      wait *= 2
    }
    script.send({ flags: 'A', seq: 501, ack: 105 })
    script.advance(100_000).quiet()
    expect(script.connection.info()).toMatchObject({ retransmissions: 4, timeouts: 4 })
  })

  test('a new ACK restarts the timer for what is still outstanding (RFC 6298 §5.3)', () => {
    const script = new Script().establish()
    script.write(2920)
    script.poll()
    script.network.sent.length = 0
    const { rto } = script.connection.info()
    script.advance(rto - 1)
    script.send({ flags: 'A', seq: 501, ack: 1561 })
    script.quiet()
    script.advance(1).quiet()
    const { timers } = script.connection.info()
    expect(timers.retransmission! - script.now).toBeGreaterThan(100)
  })

  test('after a timeout the window is one segment, and an ACK that jumps skips what had arrived', () => {
    const script = new Script().establish()
    script.write(1460 * 4)
    script.expect(...[0, 1, 2, 3].map((n) => ({ flags: n === 3 ? 'PA' : 'A', seq: 101 + 1460 * n, text: filler(1460, 1460 * n), ack: 501 })))
    script.advance(script.connection.info().rto)
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(1460) })
    expect(script.connection.info().cwnd).toBe(1460)
    script.send({ flags: 'A', seq: 501, ack: 101 + 1460 * 4 })
    script.quiet()
    expect(script.connection.info()).toMatchObject({ sendQueue: 0, inFlight: 0 })
  })

  test('three duplicate ACKs bring the missing segment at once (RFC 5681 §3.2)', () => {
    const script = new Script().establish()
    script.write(1460 * 5)
    script.poll()
    script.network.sent.length = 0
    for (let count = 0; count < 2; count++) script.send({ flags: 'A', seq: 501, ack: 101 })
    script.quiet()
    script.send({ flags: 'A', seq: 501, ack: 101 })
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(1460) })
    script.send({ flags: 'A', seq: 501, ack: 101 + 1460 * 5 })
    script.quiet()
    expect(script.connection.info()).toMatchObject({ fastRetransmits: 1, retransmissions: 1, timeouts: 0, recovering: false })
  })

  test('one loss, one reduction: a partial ACK resends the next hole without cutting again', () => {
    const script = new Script().establish()
    script.write(1460 * 8)
    script.poll()
    script.network.sent.length = 0
    for (let count = 0; count < 3; count++) script.send({ flags: 'A', seq: 501, ack: 101 })
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(1460) })
    const { ssthresh } = script.connection.info()
    script.send({ flags: 'A', seq: 501, ack: 101 + 2920 })
    script.expect({ flags: 'A', seq: 101 + 2920, ack: 501, text: filler(1460, 2920) })
    expect(script.connection.info()).toMatchObject({ ssthresh, fastRetransmits: 1 })
  })

  test('the connection ends with ETIMEDOUT when nothing is acknowledged for the user timeout', () => {
    const script = new Script({ userTimeout: 120_000 }).establish()
    script.write('data')
    const start = script.now
    while (script.connection.state !== State.CLOSED && script.now < 1_000_000) {
      script.poll()
      script.network.sent.length = 0
      script.advance(500)
    }
    expect(script.now - start).toBeGreaterThanOrEqual(120_000)
    expect(script.now - start).toBeLessThan(122_000)
    expect(script.write('x')).toBe(Errno.ETIMEDOUT)
    expect(script.tcp.size).toBe(0)
  })

  test('with timestamps a lost ACK is no round trip: the echo of what arrived long ago ends back-off and gives no sample', () => {
    const script = new Script({ timestamps: true })
    script.connect().poll()
    const echo = (): number => describePacket(script.network.sent.splice(0).at(-1)!).timestamps![0]
    script.send({ flags: 'SA', seq: 500, ack: 101, mss: 1460, timestamps: [1, echo()] })
    script.write('data')
    script.poll()
    const first = echo()
    const { rtt, rto } = script.connection.info()
    for (let round = 0; round < 5; round++) script.advance(script.connection.info().rto).poll()
    expect(script.connection.info().rto).toBe(32 * rto)
    script.advance(10)
    script.send({ flags: 'A', seq: 501, ack: 105, timestamps: [2, first] })
    expect(script.connection.info()).toMatchObject({ rtt, rto })
    script.network.sent.length = 0
    script.write('more')
    script.poll()
    script.advance(script.connection.info().rto).poll()
    const again = echo()
    script.advance(50)
    script.send({ flags: 'A', seq: 501, ack: 109, timestamps: [3, again] })
    expect(script.connection.info().rtt).toBe(0.875 * rtt + 0.125 * 50)
  })

  test('MUST-20, SHLD-9, SHLD-10: after three retransmissions the path is doubted and the user told, long before the end', () => {
    const script = new Script().establish()
    const doubted: number[] = []
    script.network.doubtPath = (destination) => doubted.push(destination.w3)
    script.write('data')
    script.poll()
    for (let round = 1; round < 3; round++) {
      script.advance(script.connection.info().rto).poll()
      expect(script.connection.takeSoftError()).toBe(0)
    }
    expect(doubted).toEqual([])
    script.advance(script.connection.info().rto).poll()
    expect(doubted).toEqual([address(PEER).w3])
    expect(script.connection.takeSoftError()).toBe(Errno.ETIMEDOUT)
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('RTT is measured from segment to ACK, never from a retransmission (Karn)', () => {
    const script = new Script().establish()
    script.write('one')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'one' })
    script.advance(80)
    script.send({ flags: 'A', seq: 501, ack: 104 })
    script.quiet()
    const measured = script.connection.info()
    script.write('two')
    script.expect({ flags: 'PA', seq: 104, ack: 501, text: 'two' })
    script.advance(measured.rto).expect({ flags: 'PA', seq: 104, ack: 501, text: 'two' })
    script.advance(5)
    script.send({ flags: 'A', seq: 501, ack: 107 })
    script.quiet()
    expect(script.connection.info().rtt).toBe(measured.rtt)
  })
})

describe('what may be sent (RFC 9293 §3.8.6)', () => {
  test('MUST-17: Nagle holds a short segment while another is out, TCP_NODELAY does not', () => {
    const script = new Script().establish()
    script.write('a')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'a' })
    script.write('b')
    script.quiet()
    script.connection.noDelay = true
    script.expect({ flags: 'PA', seq: 102, ack: 501, text: 'b' })
  })

  test('the peer’s window bounds what is in flight', () => {
    const script = new Script().establish({}, { window: 3000 })
    script.write(5000)
    script.expect(
      { flags: 'A', seq: 101, ack: 501, text: filler(1460) },
      { flags: 'A', seq: 1561, ack: 501, text: filler(1460, 1460) },
    )
    script.send({ flags: 'A', seq: 501, ack: 1561, window: 3000 })
    script.expect({ flags: 'A', seq: 3021, ack: 501, text: filler(1460, 2920) })
  })

  test('MUST-36: a closed window is probed with one byte, ever more seldom, for as long as the peer answers', () => {
    const script = new Script().establish({}, { window: 0 })
    script.write('waiting')
    script.quiet()
    let wait = script.connection.info().rto
    for (let round = 0; round < 12; round++) {
      script.advance(wait).expect({ flags: 'A', seq: 101, ack: 501, text: 'w' })
      script.send({ flags: 'A', seq: 501, ack: 101, window: 0 })
      script.quiet()
      wait = Math.min(wait * 2, 60_000)
    }
    expect(script.connection.info()).toMatchObject({ retransmissions: 0, fastRetransmits: 0, timeouts: 0 })
    script.send({ flags: 'A', seq: 501, ack: 101, window: 1000 })
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'waiting' })
  })

  test('a probe that is taken counts', () => {
    const script = new Script().establish({}, { window: 0 })
    script.write('xyz')
    script.quiet()
    script.advance(script.connection.info().rto).expect({ flags: 'A', seq: 101, ack: 501, text: 'x' })
    script.send({ flags: 'A', seq: 501, ack: 102, window: 2 })
    script.expect({ flags: 'PA', seq: 102, ack: 501, text: 'yz' })
  })

  test('a peer that never answers probes is given up at the user timeout', () => {
    const script = new Script({ userTimeout: 150_000 }).establish({}, { window: 0 })
    script.write('waiting')
    for (let step = 0; step < 2000 && script.connection.state !== State.CLOSED; step++) {
      script.poll()
      script.network.sent.length = 0
      script.advance(100)
    }
    expect(script.connection.takeError()).toBe(Errno.ETIMEDOUT)
  })

  test('a window that the peer shrinks is obeyed, and nothing underflows (SHLD-15, MUST-34)', () => {
    const script = new Script().establish({}, { window: 5000 })
    script.write(6000)
    script.poll()
    script.network.sent.length = 0
    script.send({ flags: 'A', seq: 501, ack: 1561, window: 100 })
    script.quiet()
    script.send({ flags: 'A', seq: 501, ack: 4481, window: 2000 })
    script.expect({ flags: 'A', seq: 4481, ack: 501, text: filler(1460, 4380) })
  })

  test('SND.WL1 and SND.WL2: an old segment does not change the window', () => {
    const script = new Script().establish({}, { window: 1000 })
    script.send({ flags: 'A', seq: 501, ack: 101, window: 2000, text: 'ab' })
    script.send({ flags: 'A', seq: 501, ack: 101, window: 10 })
    expect(script.connection.info().sendWindow).toBe(2000)
  })

  test('a writer that met a full buffer hears when a quarter is free', () => {
    const script = new Script({ sendBuffer: 4000 }).establish()
    expect(script.write(5000)).toBe(4000)
    expect(script.write('x')).toBe(Errno.EAGAIN)
    script.news()
    script.poll()
    script.send({ flags: 'A', seq: 501, ack: 101 + 500 })
    expect(script.news()).toEqual([])
    script.send({ flags: 'A', seq: 501, ack: 101 + 1460 })
    expect(script.news()).toEqual([[script.connection, Readiness.Writable]])
  })
})

describe('acknowledgments that do not fit (RFC 9293 §3.10.7.4, fifth check)', () => {
  test('of something not sent: an ACK, and nothing else happens', () => {
    const script = new Script().establish()
    expect(script.send({ flags: 'A', seq: 501, ack: 102, text: 'x' })).toBe(DropReason.AckUnacceptable)
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    expect(script.read()).toBe(Errno.EAGAIN)
  })

  test('RFC 5961 §5: far too old ones are dropped, slightly old ones still bring text', () => {
    const script = new Script().establish({}, { window: 1000 })
    script.write('abc')
    script.poll()
    script.network.sent.length = 0
    script.send({ flags: 'A', seq: 501, ack: 104, window: 1000 })
    expect(script.send({ flags: 'A', seq: 501, ack: 102, text: 'old ack' })).toBe(DropReason.None)
    expect(script.read()).toBe('old ack')
    expect(script.send({ flags: 'A', seq: 508, ack: (104 - 1001) >>> 0, text: 'x' })).toBe(DropReason.AckUnacceptable)
  })

  test('a segment without ACK is dropped', () => {
    const script = new Script().establish()
    expect(script.send({ flags: 'P', seq: 501, text: 'x' })).toBe(DropReason.AckMissing)
  })
})

describe('ICMP (RFC 1122 §4.2.3.9, RFC 5927)', () => {
  function quoted(script: Script, cause: IcmpCause, mtu: number, sequence: number): DropReason {
    const bytes = new Uint8Array(8)
    writeUint16(bytes, 0, script.localPort)
    writeUint16(bytes, 2, script.remotePort)
    writeUint32(bytes, 4, wireSequence(sequence))
    const meta = createPacketMeta()
    copyIpAddress(script.network.own, meta.source)
    copyIpAddress(address(PEER), meta.destination)
    return script.tcp.icmp(cause, mtu, meta, bytes, 0, 8, script.now)
  }

  test('a hard error refuses a handshake', () => {
    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100 })
    expect(quoted(script, IcmpCause.PortUnreachable, 0, 100)).toBe(DropReason.None)
    script.poll()
    expect(script.connection.takeError()).toBe(Errno.ECONNREFUSED)
    expect(script.tcp.size).toBe(0)
  })

  test('MUST-47, MUST-56, SHLD-25: a soft error is told and ends nothing; none ends an established connection', () => {
    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100 })
    quoted(script, IcmpCause.HostUnreachable, 0, 100)
    expect(script.connection.takeSoftError()).toBe(Errno.EHOSTUNREACH)
    expect(script.connection.state).toBe(State['SYN-SENT'])
    script.send({ flags: 'SA', seq: 500, ack: 101 })
    script.write('x')
    script.poll()
    quoted(script, IcmpCause.PortUnreachable, 0, 101)
    expect(script.connection.state).toBe(State.ESTABLISHED)
  })

  test('one that quotes nothing in flight is not believed', () => {
    const script = new Script().connect()
    script.expect({ flags: 'S', seq: 100 })
    expect(quoted(script, IcmpCause.PortUnreachable, 0, 99)).toBe(DropReason.IcmpUnmatched)
    expect(script.connection.state).toBe(State['SYN-SENT'])
  })

  test('packet too big: smaller segments, sent again at once, the window untouched (RFC 1191)', () => {
    const script = new Script().establish()
    script.write(1460)
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 1460 })
    const { cwnd } = script.connection.info()
    quoted(script, IcmpCause.PacketTooBig, 1000, 101)
    script.expect(
      { flags: 'A', seq: 101, ack: 501, text: filler(960) },
      { flags: 'PA', seq: 1061, ack: 501, text: filler(500, 960) },
    )
    expect(script.connection.info()).toMatchObject({ mss: 960, cwnd, pathMtu: 1000 })
  })
})
