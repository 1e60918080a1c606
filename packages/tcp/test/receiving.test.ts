import { DropReason, Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { Readiness } from '../src/index.ts'
import { describe as describePacket, filler, Script } from './harness.ts'

describe('text (RFC 9293 §3.10.7.4, seventh check)', () => {
  test('SHLD-18, SHLD-19, MUST-40: an ACK for every second full segment, else after 40 ms', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 1460 })
    script.quiet()
    script.send({ flags: 'A', seq: 1961, ack: 101, text: 1460 })
    script.expect({ flags: 'A', seq: 101, ack: 3421 })
    script.send({ flags: 'A', seq: 3421, ack: 101, text: 100 })
    script.advance(39).quiet()
    script.advance(1).expect({ flags: 'A', seq: 101, ack: 3521 })
  })

  test('text going the other way carries the ACK', () => {
    const script = new Script().establish()
    script.send({ flags: 'PA', seq: 501, ack: 101, text: 'question' })
    script.write('answer')
    script.expect({ flags: 'PA', seq: 101, ack: 509, text: 'answer' })
    script.advance(100).send({ flags: 'A', seq: 509, ack: 107 })
    script.quiet()
  })

  test('out-of-order text waits, with a duplicate ACK for each segment, and the gap’s end is acknowledged at once', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 504, ack: 101, text: 'def' })
    script.send({ flags: 'A', seq: 510, ack: 101, text: 'jkl' })
    script.expect({ flags: 'A', seq: 101, ack: 501 }, { flags: 'A', seq: 101, ack: 501 })
    expect(script.read()).toBe(Errno.EAGAIN)
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'abc' })
    script.expect({ flags: 'A', seq: 101, ack: 507 })
    script.send({ flags: 'A', seq: 507, ack: 101, text: 'ghi' })
    script.expect({ flags: 'A', seq: 101, ack: 513 })
    expect(script.read()).toBe('abcdefghijkl')
  })

  test('RFC 2018 §4: SACK blocks, the latest first', () => {
    const script = new Script({ sack: true }).establish({}, { sackPermitted: true })
    for (const seq of [511, 531, 521]) script.send({ flags: 'A', seq, ack: 101, text: 'x' })
    script.poll()
    const sent = script.network.sent.splice(0).map(describePacket)
    expect(sent.at(-1)!.sack).toEqual([[521, 522], [511, 512], [531, 532]])
  })

  test('RFC 2883 §4: text that came twice is told once, in front of the other blocks', () => {
    const script = new Script({ sack: true }).establish({}, { sackPermitted: true })
    const blocks = (): unknown[] => {
      script.poll()
      return script.network.sent.splice(0).map((packet) => describePacket(packet).sack)
    }
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'abcde' })
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'abc' })
    expect(blocks()).toEqual([[[501, 504]]])
    script.send({ flags: 'A', seq: 511, ack: 101, text: 'xyz' })
    expect(blocks()).toEqual([[[511, 514]]])
    script.send({ flags: 'A', seq: 512, ack: 101, text: 'y' })
    expect(blocks()).toEqual([[[512, 513], [511, 514]]])
    script.send({ flags: 'A', seq: 502, ack: 101, text: 'bcdef' })
    expect(blocks()).toEqual([[[502, 506], [511, 514]]])
  })

  test('the first segments, and those after a gap, are acknowledged at once', () => {
    const script = new Script({ quickAcks: 2 }).establish()
    for (const seq of [501, 502]) {
      script.send({ flags: 'A', seq, ack: 101, text: 'x' })
      script.expect({ flags: 'A', seq: 101, ack: seq + 1 })
    }
    script.send({ flags: 'A', seq: 503, ack: 101, text: 'x' })
    script.quiet()
    script.send({ flags: 'A', seq: 505, ack: 101, text: 'x' })
    script.expect({ flags: 'A', seq: 101, ack: 504 })
    script.send({ flags: 'A', seq: 504, ack: 101, text: 'x' })
    script.expect({ flags: 'A', seq: 101, ack: 506 })
    script.send({ flags: 'A', seq: 506, ack: 101, text: 'x' })
    script.expect({ flags: 'A', seq: 101, ack: 507 })
  })

  test('overlapping pieces in any order make the stream once', () => {
    const script = new Script().establish()
    const text = filler(100)
    for (const [from, to] of [[50, 80], [20, 60], [90, 100], [70, 95], [0, 30]] as const) {
      script.send({ flags: 'A', seq: 501 + from, ack: 101, text: text.slice(from, to) })
    }
    expect(script.read()).toBe(text)
    expect(script.connection.info().bytesReceived).toBe(100)
  })

  test('old text is acknowledged again and not taken twice', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'abc' })
    expect(script.send({ flags: 'A', seq: 501, ack: 101, text: 'abc' })).toBe(DropReason.SequenceUnacceptable)
    script.expect({ flags: 'A', seq: 101, ack: 504 })
    script.send({ flags: 'A', seq: 502, ack: 101, text: 'bcde' })
    expect(script.read()).toBe('abcde')
  })

  test('text beyond the window is cut off', () => {
    const script = new Script({ receiveBuffer: 300 }).establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 400 })
    script.expect({ flags: 'A', seq: 101, ack: 801, window: 0 })
    expect(script.read()).toBe(filler(300))
  })

  test('each arrival is news for the reader', () => {
    const script = new Script().establish()
    script.news()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'abc' })
    expect(script.news()).toEqual([[script.connection, Readiness.Readable]])
    script.send({ flags: 'A', seq: 504, ack: 101, text: 'def' })
    expect(script.news()).toEqual([[script.connection, Readiness.Readable]])
  })
})

describe('the receive window (RFC 9293 §3.8.6)', () => {
  test('a reader that drains a closed window has it announced', () => {
    const script = new Script({ receiveBuffer: 3000 }).establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 1460 })
    script.send({ flags: 'A', seq: 1961, ack: 101, text: 1460 })
    script.send({ flags: 'A', seq: 3421, ack: 101, text: 80 })
    script.expect({ flags: 'A', seq: 101, ack: 3501, window: 0 })
    expect(script.read(100)).toBe(filler(100))
    script.quiet()
    script.read(3000)
    script.expect({ flags: 'A', seq: 101, ack: 3501, window: 3000 })
  })

  test('a probe of a closed window is answered, and its ACK counts', () => {
    const script = new Script({ receiveBuffer: 300 }).establish()
    script.write('abc')
    script.poll()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 300 })
    script.poll()
    script.network.sent.length = 0
    script.send({ flags: 'A', seq: 801, ack: 104, text: 'p' })
    script.expect({ flags: 'A', seq: 104, ack: 801, window: 0 })
    expect(script.connection.info().sendQueue).toBe(0)
  })

  test('the right edge never moves left', () => {
    const script = new Script({ receiveBuffer: 4000 }).establish()
    let edge = 0
    let seq = 501
    for (let round = 0; round < 40; round++) {
      script.send({ flags: 'A', seq, ack: 101, text: 90 })
      seq += 90
      if (round % 7 === 6) script.read(500)
      script.advance(50).poll()
      for (const packet of script.network.sent.splice(0)) {
        const segment = describePacket(packet)
        expect(segment.ack! + segment.window!).toBeGreaterThanOrEqual(edge)
        edge = segment.ack! + segment.window!
      }
    }
  })

  test('memory comes back as soon as everything is read', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 1000 })
    expect(script.arena.used).toBe(4096)
    script.read()
    expect(script.arena.used).toBe(0)
  })

  test('an arena that is used up drops the text, and takes it later', () => {
    const script = new Script().establish()
    const blocks: number[] = []
    for (let block = script.arena.allocate(4096); block >= 0; block = script.arena.allocate(4096)) blocks.push(block)
    expect(script.send({ flags: 'A', seq: 501, ack: 101, text: 'abc' })).toBe(DropReason.OutOfMemory)
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    for (const block of blocks) script.arena.free(block)
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'abc' })
    expect(script.read()).toBe('abc')
  })
})

describe('PAWS (RFC 7323 §5)', () => {
  test('a segment with an older timestamp is acknowledged and dropped', () => {
    const script = new Script({ timestamps: true })
    script.connect().expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'SA', seq: 500, ack: 101, timestamps: [1000, 1] })
    script.poll()
    script.network.sent.length = 0
    expect(script.send({ flags: 'A', seq: 501, ack: 101, text: 'x', timestamps: [999, 1] })).toBe(DropReason.PawsRejected)
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    expect(script.send({ flags: 'A', seq: 501, ack: 101, text: 'y', timestamps: [1001, 1] })).toBe(DropReason.None)
    expect(script.send({ flags: 'A', seq: 502, ack: 101, text: 'z' })).toBe(DropReason.TimestampMissing)
    expect(script.read()).toBe('y')
  })

  test('RFC 7323 §4.3: of delayed ACKs the earliest segment’s timestamp is echoed', () => {
    const script = new Script({ timestamps: true })
    script.connect().expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'SA', seq: 500, ack: 101, timestamps: [1000, 1] })
    script.poll()
    script.network.sent.length = 0
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'a', timestamps: [1010, 1] })
    script.send({ flags: 'A', seq: 502, ack: 101, text: 'b', timestamps: [1020, 1] })
    script.advance(40).poll()
    expect(script.network.sent.map((packet) => describePacket(packet).timestamps![1])).toEqual([1010])
  })
})

describe('bad segments are counted drops, never more', () => {
  test('ports of 0, bad checksums and truncated headers', () => {
    const script = new Script().establish()
    script.remotePort = 0
    expect(script.send({ flags: 'S', seq: 1 })).toBe(DropReason.BadPort)
    script.remotePort = 80
    script.quiet()
  })
})

describe('whose segment it is', () => {
  test('runs of segments for several connections, in turns, reach the one whose two ends they name', () => {
    const script = new Script().establish()
    const { connection } = script
    script.localPort++
    script.establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'b' })
    script.send({ flags: 'A', seq: 502, ack: 101, text: 'b' })
    script.localPort--
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'a' })
    script.remotePort++
    script.send({ flags: 'A', seq: 502, ack: 101, text: 'x' })
    script.remotePort--
    script.send({ flags: 'A', seq: 502, ack: 101, text: 'a' })
    expect(script.read()).toBe('bb')
    script.connection = connection
    expect(script.read()).toBe('aa')
  })

  test('who was found last and is gone is not found again', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'x' })
    script.quiet()
    script.tcp.release(script.connection)
    script.send({ flags: 'A', seq: 502, ack: 101, text: 'x' })
    script.expect({ flags: 'R', seq: 101 })
    script.establish()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'again' })
    expect(script.read()).toBe('again')
  })
})
