import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { State } from '../src/index.ts'
import type { Connection, TcpOptions } from '../src/index.ts'
import { describe as read, filler, Script } from './harness.ts'
import type { TestSegment } from './harness.ts'

/*
 * Faults that real stacks have had, each as a test of its own that looks from outside: at segments, and at what the user is told.
 */

/** What goes out now. */
function sent(script: Script): TestSegment[] {
  script.poll()
  return script.network.sent.splice(0).map(read)
}

/** Text of a segment, '' for none. */
const textOf = (segment: TestSegment): string => String(segment.text ?? '')

describe('faults in receiving', () => {
  test('window reopening not announced after the reader drains: the peer hears of it without asking', () => {
    const script = new Script({ receiveBuffer: 4000 }).establish()
    for (let from = 0; from < 4000; from += 1000) script.send({ flags: 'A', seq: 501 + from, ack: 101, text: filler(1000, from) })
    script.expect({ flags: 'A', seq: 101, ack: 4501, window: 0 })
    // In pieces too small to be worth a segment each.
    for (let read = 0; read < 3900; read += 100) script.read(100)
    const [update, ...more] = sent(script)
    expect([update!.flags, update!.ack, more]).toEqual(['A', 4501, []])
    expect(update!.window).toBeGreaterThanOrEqual(1460)
  })

  test('throttling that ate needed ACKs: forged segments use up no ACK of an honest peer', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'text' })
    sent(script)
    for (let count = 0; count < 40; count++) {
      script.send({ flags: 'R', seq: 600 })
      script.send({ flags: 'S', seq: 600 })
      sent(script)
    }
    script.send({ flags: 'S', seq: 600 })
    script.quiet()
    const ours = { flags: 'A', seq: 101, ack: 505 }
    // A retransmission, a keepalive probe, text ahead of a gap: each wants its ACK in the same second.
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'text' })
    script.expect(ours)
    script.send({ flags: 'A', seq: 504, ack: 101 })
    script.expect(ours)
    script.send({ flags: 'A', seq: 510, ack: 101, text: 'later' })
    script.expect(ours)
  })

  test('throttling that ate needed ACKs: probes of a closed window are answered all the same', () => {
    const script = new Script({ receiveBuffer: 1000 }).establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 1000 })
    sent(script)
    for (let count = 0; count < 40; count++) {
      script.send({ flags: 'S', seq: 1501 })
      sent(script)
      script.send({ flags: 'A', seq: 1501, ack: 101, text: 'p' })
      script.expect({ flags: 'A', seq: 101, ack: 1501, window: 0 })
    }
  })

  test('data with an old ACK dropped: a segment that was overtaken still brings its text', () => {
    const script = new Script().establish()
    script.write('ours')
    sent(script)
    script.send({ flags: 'A', seq: 507, ack: 105, text: 'world' })
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'hello ' })
    expect(script.read()).toBe('hello world')
  })

  test('FIN ahead of missing data closing the stream: the end comes behind all text', () => {
    const script = new Script().establish()
    script.send({ flags: 'FA', seq: 507, ack: 101, text: 'world' })
    expect([script.connection.state, script.read()]).toEqual([State.ESTABLISHED, Errno.EAGAIN])
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'hello ' })
    script.expect({ flags: 'A', seq: 101, ack: 513 })
    expect([script.connection.state, script.read(), script.read()]).toEqual([State['CLOSE-WAIT'], 'hello world', 0])
  })

  test('SACK edges near 2³²: blocks that we send wrap like the numbers they stand for', () => {
    const irs = 2 ** 32 - 1001
    const script = new Script({ sack: true }).establish({}, { seq: irs, sackPermitted: true })
    const blocks: unknown[] = []
    for (const [from, length] of [[2 ** 32 - 500, 100], [2 ** 32 - 5, 10], [100, 100]] as const) {
      script.send({ flags: 'A', seq: from, ack: 101, text: length })
      blocks.push(sent(script).at(-1)!.sack)
    }
    const [low, wrapping, high] = [[2 ** 32 - 500, 2 ** 32 - 400], [2 ** 32 - 5, 5], [100, 200]]
    expect(blocks).toEqual([[low], [wrapping, low], [high, ...(blocks[2] as unknown[]).slice(1)]])
    expect(blocks[2]).toEqual(expect.arrayContaining([low, wrapping]))
    script.send({ flags: 'A', seq: irs + 1, ack: 101, text: 500 })
    expect(sent(script).at(-1)).toMatchObject({ ack: 2 ** 32 - 400, sack: [high, wrapping] })
  })

  test('a NIC reusing its buffer after the call: text that waits, in order or not, is ours', () => {
    const script = new Script().establish()
    const wire = (script as unknown as { wire: Uint8Array }).wire
    script.send({ flags: 'A', seq: 507, ack: 101, text: 'world' })
    wire.fill(0xee)
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'hello ' })
    wire.fill(0xee)
    expect(script.read()).toBe('hello world')
  })
})

describe('faults in sending', () => {
  test('a NIC or a user reusing a buffer after the call: what is sent again is what was given', () => {
    const script = new Script().establish()
    const bytes = new TextEncoder().encode('original')
    script.connection.send(bytes, 0, bytes.length)
    bytes.fill(0)
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'original' })
    script.network.scratch.fill(0xee)
    script.advance(script.connection.info().rto).expect({ flags: 'PA', seq: 101, ack: 501, text: 'original' })
  })

  test('RTO not restarted on a new ACK: RFC 6298 §5.3: a full RTO runs from the latest progress', () => {
    const script = new Script().establish({ settings: { noDelay: true } })
    for (const text of ['one', 'two']) {
      script.write(text)
      sent(script)
    }
    script.advance(script.connection.info().rto - 1)
    script.send({ flags: 'A', seq: 501, ack: 104 })
    script.quiet()
    const { rto } = script.connection.info()
    script.advance(rto - 1).quiet()
    script.advance(1).expect({ flags: 'PA', seq: 104, ack: 501, text: 'two' })
  })

  test('sequence underflow when the peer shrinks its window: it is obeyed, and then everything comes once', () => {
    const script = new Script().establish({ settings: { noDelay: true } }, { window: 6000 })
    script.write(10_000)
    const first = sent(script).map(textOf).join('')
    expect(first.length).toBeLessThanOrEqual(6000)
    // The right edge moves left, far into what is under way.
    script.send({ flags: 'A', seq: 501, ack: 1561, window: 100 })
    script.quiet()
    script.send({ flags: 'A', seq: 501, ack: 1561, window: 0 })
    script.quiet()
    expect(script.connection.info().inFlight).toBeLessThan(10_000)
    // All that was under way arrives, and the window opens again.
    script.send({ flags: 'A', seq: 501, ack: 101 + first.length, window: 20_000 })
    expect(first + sent(script).map(textOf).join('')).toBe(filler(10_000))
  })

  test.each([
    ['of 1', { mss: 1 }], ['of 12, what timestamps take', { mss: 12 }], ['of 40, what all options take', { mss: 40 }],
  ])('MSS smaller than the options looping on empty segments: an MSS %s sends text in every segment', (_name, { mss }) => {
    const script = new Script({ timestamps: true, sack: true }).connect()
    sent(script)
    script.send({ flags: 'SA', seq: 500, ack: 101, mss, timestamps: [1, 1], sackPermitted: true })
    script.write(300)
    let received = ''
    for (let round = 0; round < 400 && received.length < 300; round++) {
      for (const segment of sent(script)) {
        if (segment.seq === 101 + received.length) received += textOf(segment)
        if (segment.text === undefined) expect(round).toBe(0)
      }
      script.send({ flags: 'A', seq: 501, ack: 101 + received.length, timestamps: [2 + round, 1] })
      script.advance(10)
    }
    expect(received).toBe(filler(300))
  })

  test('RTT taken at processing time under a coarse, late clock: it is from departure to arrival', () => {
    const script = new Script().establish()
    script.advance(500)
    script.write('x')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'x' })
    script.advance(10)
    script.send({ flags: 'A', seq: 501, ack: 102 })
    // The user and the next poll are late.
    script.advance(5000).quiet()
    script.write('y')
    expect(script.connection.info().minRtt).toBeLessThanOrEqual(10)
    expect(script.connection.info().rtt).toBeLessThanOrEqual(10)
  })

  test('RTT under a clock that did not move: 0 ms is a sample, and the RTO keeps its floor', () => {
    const script = new Script().connect()
    sent(script)
    script.advance(100)
    script.send({ flags: 'SA', seq: 500, ack: 101, mss: 1460 })
    sent(script)
    for (let count = 0; count < 60; count++) {
      script.write('x')
      sent(script)
      script.send({ flags: 'A', seq: 501, ack: 102 + count })
    }
    const { rtt, rto } = script.connection.info()
    expect(rtt).toBeLessThan(1)
    expect(rto).toBeGreaterThanOrEqual(200)
    script.write('y')
    sent(script)
    script.advance(199).quiet()
  })
})

/** A receiver that acknowledges every segment as it comes, in rounds of 50 ms, and loses those that it is told to lose. */
class Receiver {
  readonly script: Script
  /** Sequence numbers to be lost, once each. */
  readonly lose = new Set<number>()
  next = 101
  /** One past the highest sequence number seen. */
  max = 101
  /** Segments that were seen before. */
  readonly repeated: number[] = []
  private readonly ahead = new Map<number, number>()
  private readonly sack: boolean

  constructor(options: Partial<TcpOptions>, sack: boolean) {
    this.sack = sack
    this.script = new Script({ sack, ...options }).establish({ settings: { noDelay: true } }, { sackPermitted: sack })
  }

  get outstanding(): number {
    return this.max - this.next
  }

  /** The user fills the buffer, everything is sent, arrives, and is acknowledged one by one. */
  round(): void {
    const { script } = this
    while (script.write(20_000) > 0);
    const segments = sent(script)
    script.advance(50)
    for (const segment of segments) {
      const { seq } = segment
      const end = seq + textOf(segment).length
      if (seq < this.max) this.repeated.push(seq)
      if (end > this.max) this.max = end
      if (this.lose.delete(seq)) continue
      if (seq > this.next) this.ahead.set(seq, end)
      else if (end > this.next) this.next = end
      for (let more = this.ahead.get(this.next); more !== undefined; more = this.ahead.get(this.next)) {
        this.ahead.delete(this.next)
        this.next = more
      }
      script.send({ flags: 'A', seq: 501, ack: this.next, ...this.sack ? { sack: this.blocks(seq) } : {} })
    }
  }

  /** Ranges ahead of the gap, the one with `seq` first. */
  private blocks(seq: number): [number, number][] {
    const ranges: [number, number][] = []
    for (const [from, to] of [...this.ahead].sort(([a], [b]) => a - b)) {
      const last = ranges.at(-1)
      if (last?.[1] === from) last[1] = to
      else ranges.push([from, to])
    }
    return ranges.sort(([from, to]) => (from <= seq && seq < to ? -1 : 1)).slice(0, 3)
  }
}

describe('faults in recovery', () => {
  test.each([false, true])('three cwnd cuts for one loss: holes in one window of text count as one (SACK: %s)', (sack) => {
    const receiver = new Receiver({}, sack)
    for (let round = 0; round < 3; round++) receiver.round()
    const { script } = receiver
    const begin = receiver.max
    for (const hole of [0, 5, 11]) receiver.lose.add(begin + 1460 * hole)
    receiver.round()
    const before = receiver.max - begin
    expect(before / 1460).toBeGreaterThanOrEqual(24)
    expect(receiver.lose.size).toBe(0)
    const point = receiver.max
    for (let round = 0; receiver.next < point; round++) {
      expect(round).toBeLessThan(20)
      receiver.round()
    }
    expect(script.connection.info().timeouts).toBe(0)
    for (let round = 0; round < 4; round++) receiver.round()
    while (script.write(20_000) > 0);
    const flight = sent(script).reduce((sum, segment) => sum + textOf(segment).length, 0)
    // Cut once and grown a little since; cut three times it would be an eighth.
    expect(flight / before).toBeGreaterThan(0.35)
    expect([...new Set(receiver.repeated)].sort((a, b) => a - b)).toEqual([0, 5, 11].map((hole) => begin + 1460 * hole))
  })

  test('SACK edges near 2³²: blocks of the peer that wrap have the hole alone sent again', () => {
    const iss = 2 ** 32 - 3000
    const script = new Script({ sack: true }).establish({ iss: iss | 0, settings: { noDelay: true } }, { sackPermitted: true })
    const at = (segment: number): number => (iss + 1 + 1460 * segment) % 2 ** 32
    script.write(10 * 1460)
    expect(sent(script).map(({ seq }) => seq)).toEqual(Array.from({ length: 10 }, (_, segment) => at(segment)))
    script.advance(20)
    // The second segment is lost; the third one straddles 2³².
    const again: number[] = []
    script.send({ flags: 'A', seq: 501, ack: at(1) })
    for (let end = 3; end <= 10; end++) {
      script.send({ flags: 'A', seq: 501, ack: at(1), sack: [[at(2), at(end)]] })
      again.push(...sent(script).map(({ seq }) => seq))
    }
    expect(again).toEqual([at(1)])
    script.advance(20)
    script.send({ flags: 'A', seq: 501, ack: at(10) })
    script.quiet()
    script.advance(60_000).quiet()
  })
})

describe('faults in ending', () => {
  test('close() behind a full window staying ESTABLISHED: it leaves at once, and the FIN comes behind all text', () => {
    const script = new Script().establish({}, { window: 4 })
    script.write('text and more')
    expect(sent(script).map(textOf)).toEqual(['text'])
    script.connection.shutdownSend()
    expect(script.connection.state).toBe(State['FIN-WAIT-1'])
    script.send({ flags: 'A', seq: 501, ack: 105, window: 0 })
    script.quiet()
    script.send({ flags: 'A', seq: 501, ack: 105, window: 100 })
    script.expect({ flags: 'FPA', seq: 105, ack: 501, text: ' and more' })
    script.send({ flags: 'A', seq: 501, ack: 115 })
    script.quiet()
    expect(script.connection.state).toBe(State['FIN-WAIT-2'])
  })

  test('RST leaving a dangling handle that reaches another connection: the old one is dead for good', () => {
    const script = new Script().establish()
    const old: Connection = script.connection
    script.send({ flags: 'R', seq: 501 })
    script.quiet()
    // The very same ends, so the same place in every table.
    script.establish()
    const bytes = new Uint8Array(10)
    expect([old.send(bytes, 0, 10), old.send(bytes, 0, 10), old.receive(bytes, 0, 10), old.shutdownSend()])
      .toEqual([Errno.ECONNRESET, Errno.EPIPE, 0, Errno.ENOTCONN])
    old.configure({ keepAlive: true, keepAliveIdle: 1 })
    old.linger(script.now)
    old.abort(script.now)
    old.close(script.now)
    script.advance(1000).quiet()
    expect(script.connection.state).toBe(State.ESTABLISHED)
    script.write('text')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'text' })
    script.send({ flags: 'A', seq: 501, ack: 105, text: 'answer' })
    expect([script.read(), script.tcp.size]).toEqual(['answer', 1])
  })
})
