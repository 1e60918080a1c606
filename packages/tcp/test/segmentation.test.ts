import { bytesInFlight, newReno } from '@layerfour/flow'
import { DropReason } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { OpenOptions, TcpOptions } from '../src/index.ts'
import { filler, Script } from './harness.ts'
import type { TestSegment } from './harness.ts'

const MSS = 1000

/** A connection whose medium cuts segments, with room for everything: MSS 1000, initial window 10,000 bytes. */
function established(options: Partial<TcpOptions> = {}, open: OpenOptions = {}, peer: Partial<TestSegment> = {}): Script {
  const script = new Script({ congestionControl: newReno, sendBuffer: 1 << 20, ...options })
  script.network.segmentation = 65_535
  return script.establish(open, { mss: MSS, ...peer })
}

describe('a medium that cuts segments', () => {
  test('gets several full ones in one packet; a short end waits as ever (RFC 896)', () => {
    const script = established()
    script.write(4500)
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(4000), segmentSize: MSS })
    expect(script.connection.info().segmentsOut).toBe(6)
    script.send({ flags: 'A', seq: 501, ack: 4101 })
    script.expect({ flags: 'PA', seq: 4101, ack: 501, text: filler(500, 4000) })
  })

  test('with TCP_NODELAY, or when the FIN follows, the short end goes along, and PSH and FIN with it', () => {
    const script = established()
    script.connection.noDelay = true
    script.write(2500)
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: filler(2500), segmentSize: MSS })
    script.write(1500)
    script.connection.shutdownSend()
    script.expect({ flags: 'FPA', seq: 2601, ack: 501, text: filler(1500), segmentSize: MSS })
    script.send({ flags: 'A', seq: 501, ack: 4102 })
    expect(script.connection.info().state).toBe('FIN-WAIT-2')
  })

  test('one full segment is one, and so is one with a FIN', () => {
    const script = established()
    script.write(MSS)
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: MSS })
    script.write(MSS)
    script.connection.shutdownSend()
    script.expect({ flags: 'FPA', seq: 1101, ack: 501, text: filler(MSS) })
  })

  test('the congestion window counts segments, not packets', () => {
    const script = established()
    script.write(60_000)
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(10_000), segmentSize: MSS })
    script.send({ flags: 'A', seq: 501, ack: 4101 })
    const { cwnd } = script.connection.info()
    expect(cwnd).toBeGreaterThan(10_000)
    // What is left of the old window, 6000 bytes, fills up to the new one.
    const room = Math.floor((cwnd - 6000) / MSS) * MSS
    script.expect({ flags: 'A', seq: 10_101, ack: 501, text: filler(room, 10_000), segmentSize: MSS })
  })

  test("the peer's window is not overrun, and a rest smaller than a segment stays behind (RFC 9293 §3.8.6.2.1)", () => {
    const script = established({}, {}, { window: 3700 })
    script.write(60_000)
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(3000), segmentSize: MSS })
  })

  test('a packet is never longer than the medium says, headers and options included', () => {
    const script = established({ timestamps: true }, {}, { timestamps: [1, 1], window: 65_535 })
    script.network.sent.length = 0
    script.connection.tcb.segmentation = 20 + 32 + 2 * 988 + 987
    script.write(60_000)
    script.poll()
    // Two and no third, for one byte.
    expect(script.network.sent.map(({ bytes }) => bytes.length - 32).slice(0, 2)).toEqual([2 * 988, 2 * 988])
  })

  test('a lost segment of a packet is resent alone', () => {
    const script = established({ sack: true }, {}, { sackPermitted: true })
    script.write(8000)
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: filler(8000), segmentSize: MSS })
    // The third is missing.
    script.send({ flags: 'A', seq: 501, ack: 2101, sack: [[3101, 8101]] })
    script.expect({ flags: 'A', seq: 2101, ack: 501, text: filler(MSS, 2000) })
    script.send({ flags: 'A', seq: 501, ack: 8101 })
    script.quiet()
    expect(script.connection.info()).toMatchObject({ retransmissions: 1, timeouts: 0 })
  })

  test('after a timeout segments go one by one', () => {
    const script = established()
    script.write(4000)
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: filler(4000), segmentSize: MSS })
    script.advance(1000)
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(MSS) })
    script.send({ flags: 'A', seq: 501, ack: 1101 })
    script.poll()
    for (const { segmentSize, bytes } of script.network.sent.splice(0)) {
      expect(segmentSize).toBe(0)
      expect(bytes.length).toBeLessThanOrEqual(20 + MSS)
    }
  })

  test('RFC 9293 MUST-62: urgent segments stay apart, for each has a pointer of its own', () => {
    const script = established()
    const bytes = new TextEncoder().encode(filler(3000))
    script.connection.sendUrgent(bytes, 0, 3000)
    script.expect(
      { flags: 'UA', seq: 101, ack: 501, text: filler(1000), urgent: 3000 },
      { flags: 'UA', seq: 1101, ack: 501, text: filler(1000, 1000), urgent: 2000 },
      { flags: 'PUA', seq: 2101, ack: 501, text: filler(1000, 2000), urgent: 1000 },
    )
  })

  test('RFC 3168 §6.1.2: CWR is on the first segment alone, so that one goes alone', () => {
    const script = new Script({ congestionControl: newReno, sendBuffer: 1 << 20, ecn: true })
    script.network.segmentation = 65_535
    script.connect().expect({ flags: 'SEC', seq: 100 })
    script.send({ flags: 'SAE', seq: 500, ack: 101, mss: MSS })
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    script.write(10_000)
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: filler(10_000), segmentSize: MSS })
    script.send({ flags: 'EA', seq: 501, ack: 10_101 })
    script.write(4000)
    script.expect(
      { flags: 'AC', seq: 10_101, ack: 501, text: filler(1000) },
      { flags: 'PA', seq: 11_101, ack: 501, text: filler(3000, 1000), segmentSize: MSS },
    )
  })

  test('pacing lets go what it would have let go segment by segment', () => {
    const paced = (segmentation: number): { bytes: number, at: number }[] => {
      const script = established({ pacing: true })
      script.connection.tcb.segmentation = segmentation
      script.write(2000)
      script.expect(segmentation > 0
        ? { flags: 'PA', seq: 101, ack: 501, text: filler(2000), segmentSize: MSS }
        : { flags: 'A', seq: 101, ack: 501, text: filler(1000) }, ...segmentation > 0 ? [] : [{ flags: 'PA', seq: 1101, ack: 501, text: filler(1000, 1000) }])
      script.advance(100)
      script.send({ flags: 'A', seq: 501, ack: 2101 })
      script.write(60_000)
      const out: { bytes: number, at: number }[] = []
      for (let step = 0; step < 200; step++) {
        script.poll()
        const bytes = script.network.sent.splice(0).reduce((sum, packet) => sum + packet.bytes.length - 20, 0)
        if (bytes > 0) out.push({ bytes, at: script.now })
        script.advance(1)
      }
      return out
    }
    expect(paced(65_535)).toEqual(paced(0))
  })

  test('a way that leads to another interface all at once: the packet is lost, and segments go alone from there on', () => {
    const script = established()
    script.network.answer = DropReason.PacketTooBig
    script.write(5000)
    script.poll()
    script.network.answer = DropReason.None
    script.advance(1000)
    script.expect({ flags: 'A', seq: 101, ack: 501, text: filler(MSS) })
    expect(script.connection.tcb.segmentation).toBe(0)
  })

  test('a probe of the path MTU that the way does not carry says nothing about segmentation', () => {
    const script = established({}, {}, { mss: 1460 })
    const { tcb } = script.connection
    tcb.pathMtu = 1040
    tcb.negotiated.mss = MSS
    tcb.mtuSearch.at = script.now
    // The first packet is the probe: SND.MAX moves behind it.
    const first = tcb.snd.max
    Object.defineProperty(script.network, 'answer', {
      get: () => tcb.snd.max === first ? DropReason.PacketTooBig : DropReason.None,
    })
    script.write(8000)
    script.poll()
    expect(tcb.mtuSearch).toMatchObject({ probe: 1270, probeStart: first })
    expect(tcb.segmentation).toBe(65_535)
  })

  test('a refused packet is not sent, and goes out later', () => {
    const script = established()
    script.network.answer = DropReason.DeviceQueueFull
    script.write(5000)
    script.tcp.poll(script.now)
    expect(bytesInFlight(script.connection.tcb.recovery.sent)).toBe(0)
    script.network.answer = DropReason.None
    script.advance(1)
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: filler(5000), segmentSize: MSS })
  })

  test('a connection that moves to a host whose medium cuts none sends segment by segment', () => {
    const first = established()
    const second = new Script({ congestionControl: newReno })
    const moved = second.tcp.restore(first.connection.snapshot(first.now), second.now)
    if (typeof moved === 'number') throw new Error(`restore returned ${moved}`)
    second.connection = moved
    second.write(2000)
    second.expect({ flags: 'A', seq: 101, ack: 501, text: filler(1000) }, { flags: 'PA', seq: 1101, ack: 501, text: filler(1000, 1000) })
  })
})

describe('one packet that came in for several segments', () => {
  test('RFC 5681 §4.2: is as many segments as it stands for, and acknowledged at once', () => {
    const script = established()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 4000, segmentSize: MSS })
    script.expect({ flags: 'A', seq: 101, ack: 4501 })
  })

  test('what counts as a full segment stays the size of one: two of them are acknowledged at once, as before', () => {
    const script = established({ receiveBuffer: 1 << 20, windowScaling: true }, {}, { scale: 0 })
    script.send({ flags: 'A', seq: 501, ack: 101, text: 60_000, segmentSize: MSS })
    script.expect({ flags: 'A', seq: 101, ack: 60_501 })
    expect(script.connection.tcb.largestSegment).toBe(MSS)
    script.send({ flags: 'A', seq: 60_501, ack: 101, text: MSS })
    script.quiet()
    script.send({ flags: 'A', seq: 61_501, ack: 101, text: MSS })
    script.expect({ flags: 'A', seq: 101, ack: 62_501 })
  })

  test('makes room for others like it in the receive buffer, up to its limit and as far as there is memory', () => {
    const capacity = (receiveBuffer: number, spare: number): number => {
      const script = established({ receiveBuffer, windowScaling: true }, {}, { scale: 0 })
      const { arena } = script
      // All but so much is taken.
      const free = (): number => arena.capacity - arena.used
      for (let size = arena.capacity; size >= spare;) if (free() < size + spare || arena.allocate(size) < 0) size /= 2
      script.send({ flags: 'A', seq: 501, ack: 101, text: 60_000, segmentSize: MSS })
      script.expect({ flags: 'A', seq: 101, ack: 60_501 })
      return script.connection.tcb.receiveRing.capacity
    }
    expect(capacity(1 << 20, 1 << 21)).toBe(1 << 18)
    expect(capacity(65_535, 1 << 21)).toBe(1 << 16)
    expect(capacity(1 << 20, 1 << 16)).toBe(1 << 16)
  })
})
