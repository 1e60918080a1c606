import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytesInFlight, compactSentQueue, createSentQueue, cutRecords, dropFirst, endAt, firstLost, firstWithin, forgetSacks, LOST, markAllLost,
  markLost, markResent, markSacked, MAX_SENT_RECORDS, noteRun, outstandingBytes, positionAt, positionOf, pushSent, releaseSentQueue, RESENT,
  SACKED, type SentQueue, skipSacked, slotOf, startAt, trimFirst, unmarkFalselyLost,
} from '../../src/index.ts'

/** A segment as a naive sender remembers it. */
interface Twin {
  start: number
  end: number
  sentAt: number
  mark: 'none' | 'sacked' | 'lost'
  resent: boolean
}

/** The naive twin: arrays, searched from the front each time. */
class Model {
  records: Twin[] = []
  /** In flight, in the order of sending. */
  order: Twin[] = []

  push(start: number, end: number, sentAt: number): void {
    const record: Twin = { start, end, sentAt, mark: 'none', resent: false }
    this.records.push(record)
    this.order.push(record)
  }

  leave(record: Twin): void {
    this.order = this.order.filter((other) => other !== record)
  }

  bytes(mark: Twin['mark']): number {
    return this.records.filter((record) => record.mark === mark).reduce((sum, { start, end }) => sum + end - start, 0)
  }

  ack(offset: number): void {
    for (const record of this.records) if (record.end <= offset) this.leave(record)
    this.records = this.records.filter(({ end }) => end > offset)
    const [first] = this.records
    if (first !== undefined && first.start < offset) first.start = offset
  }
}

const FLAGS = { none: 0, sacked: SACKED, lost: LOST }

function compare(queue: SentQueue, model: Model): void {
  const columns = (position: number): unknown => {
    const slot = slotOf(queue, position)
    return [
      startAt(queue, position), endAt(queue, position), queue.columns.sentAt[slot], queue.columns.flags[slot]! & (SACKED | LOST | RESENT),
    ]
  }
  expect(Array.from({ length: queue.count }, (_, position) => columns(position))).toEqual(
    model.records.map(({ start, end, sentAt, mark, resent }) => [start, end, sentAt, FLAGS[mark] | (resent ? RESENT : 0)]),
  )
  const list: number[] = []
  let older = -1
  for (let slot = queue.oldest; slot !== -1; slot = queue.columns.newer[slot]!) {
    expect(queue.columns.older[slot]).toBe(older)
    older = slot
    list.push(positionAt(queue, slot))
  }
  expect(queue.newest).toBe(older)
  expect(list).toEqual(model.order.map((record) => model.records.indexOf(record)))
  expect([queue.sackedBytes, queue.lostBytes]).toEqual([model.bytes('sacked'), model.bytes('lost')])
  expect(queue.sackedCount).toBe(model.records.filter(({ mark }) => mark === 'sacked').length)
  expect(queue.lostCount).toBe(model.records.filter(({ mark }) => mark === 'lost').length)
  expect(bytesInFlight(queue)).toBe(model.bytes('none'))
  expect(firstLost(queue)).toBe(model.records.findIndex(({ mark }) => mark === 'lost'))
  for (let position = 0; position <= queue.count; position++) {
    const next = model.records.findIndex(({ mark }, index) => index >= position && mark !== 'sacked')
    expect(skipSacked(queue, position)).toBe(next < 0 ? queue.count : next)
  }
}

/** What `takeDelivered` does with a SACK block. */
function sack(queue: SentQueue, model: Model, left: number, right: number): void {
  const first = firstWithin(queue, left)
  let position = skipSacked(queue, first)
  while (position < queue.count && endAt(queue, position) <= right) {
    markSacked(queue, position)
    position = skipSacked(queue, position + 1)
  }
  if (position > first && endAt(queue, position - 1) <= right) noteRun(queue, first, position)
  for (const record of model.records) {
    if (record.mark === 'sacked' || record.start < left || record.end > right) continue
    record.mark = 'sacked'
    model.leave(record)
  }
}

/** One random deed; `a` and `b` say to whom. */
function act(queue: SentQueue, model: Model, deed: string, a: number, b: number, now: number): void {
  const { records } = model
  const index = records.length === 0 ? -1 : Math.floor(a * records.length)
  const chosen = records[index]
  switch (deed) {
    case 'push': {
      const start = records.at(-1)?.end ?? (queue.start > 0 ? queue.start : 2 ** 33)
      for (let n = 0, at = start; n < 1 + 20 * b; n++, at += 100) {
        pushSent(queue, at, at + 100, now)
        model.push(at, at + 100, now)
      }
      break
    }
    case 'ack': {
      if (chosen === undefined) break
      const offset = b < 0.3 ? chosen.start + Math.floor((chosen.end - chosen.start) / 2) : chosen.start
      while (queue.count > 0 && endAt(queue, 0) <= offset) dropFirst(queue)
      if (queue.count > 0 && offset > queue.start) trimFirst(queue, offset)
      model.ack(offset)
      break
    }
    case 'ack all':
      while (queue.count > 0) dropFirst(queue)
      model.ack(Infinity)
      break
    case 'sack':
      if (chosen !== undefined) sack(queue, model, chosen.start - (b < 0.5 ? 30 : 0), chosen.start + Math.floor(b * 1500))
      break
    case 'lose':
      if (chosen?.mark !== 'none') break
      markLost(queue, index)
      chosen.mark = 'lost'
      model.leave(chosen)
      break
    case 'resend':
      if (chosen === undefined || chosen.mark === 'sacked') break
      markResent(queue, index, now)
      model.leave(chosen)
      Object.assign(chosen, { mark: 'none', resent: true, sentAt: now })
      model.order.push(chosen)
      break
    case 'lose all':
      markAllLost(queue)
      for (const record of records) if (record.mark === 'none') record.mark = 'lost'
      model.order = []
      break
    case 'forget':
      forgetSacks(queue)
      for (const record of records) {
        if (record.mark !== 'sacked') continue
        record.mark = 'none'
        model.order.push(record)
      }
      break
    case 'false alarm': {
      unmarkFalselyLost(queue)
      const back = records.filter(({ mark, resent }) => mark === 'lost' && !resent)
      for (const record of back) record.mark = 'none'
      model.order.unshift(...back)
      break
    }
    case 'cut': {
      const mss = 20 + Math.floor(b * 60)
      cutRecords(queue, mss)
      const pieces = new Map(records.map((record) => {
        const cut: Twin[] = []
        for (let start = record.start; start < record.end; start += mss) {
          cut.push({ ...record, start, end: Math.min(start + mss, record.end) })
        }
        return [record, cut]
      }))
      model.records = records.flatMap((record) => pieces.get(record)!)
      model.order = model.order.flatMap((record) => pieces.get(record)!)
      break
    }
    case 'compact': {
      const copy = compactSentQueue(queue)
      expect(copy.capacity).toBeLessThanOrEqual(Math.max(16, 2 * queue.count))
      Object.assign(queue, copy)
      break
    }
    case 'release':
      // The columns come back at the next push, with whatever was in them.
      releaseSentQueue(queue)
      expect(queue.capacity).toBe(0)
      model.records = []
      model.order = []
      break
    default: throw new Error(deed)
  }
}

const DEEDS = [
  'push', 'push', 'push', 'ack', 'ack', 'sack', 'sack', 'sack', 'lose', 'lose', 'resend', 'resend', 'ack all', 'lose all', 'forget',
  'false alarm', 'cut', 'compact', 'release',
]

describe('SentQueue', () => {
  test('agrees with a naive twin, whatever happens: growth, wrapping, offsets beyond 2^32', () => {
    const share = fc.double({ min: 0, max: 0.999, noNaN: true })
    const deed = fc.tuple(fc.constantFrom(...DEEDS), share, share)
    fc.assert(fc.property(fc.array(deed, { maxLength: 60, size: 'max' }), (deeds) => {
      const queue = createSentQueue()
      const model = new Model()
      act(queue, model, 'push', 0, 0.9, 0)
      deeds.forEach(([name, a, b], index) => {
        act(queue, model, name, a, b, index + 1)
        compare(queue, model)
      })
    }), { numRuns: 300 })
  })

  test('a ring that wraps for ever keeps its size', () => {
    const queue = createSentQueue()
    for (let n = 0; n < 100_000; n++) {
      pushSent(queue, n * 1000, n * 1000 + 1000, n)
      if (queue.count > 12) dropFirst(queue)
    }
    expect(queue.capacity).toBe(16)
    expect(queue.start).toBe(99_988_000)
  })

  test('takes MAX_SENT_RECORDS and no more', () => {
    const queue = createSentQueue()
    for (let n = 0; n < MAX_SENT_RECORDS; n++) expect(pushSent(queue, n, n + 1, 0)).toBeGreaterThanOrEqual(0)
    expect(pushSent(queue, MAX_SENT_RECORDS, MAX_SENT_RECORDS + 1, 0)).toBe(-1)
    expect(outstandingBytes(queue)).toBe(MAX_SENT_RECORDS)
    dropFirst(queue)
    expect(pushSent(queue, MAX_SENT_RECORDS, MAX_SENT_RECORDS + 1, 0)).toBeGreaterThanOrEqual(0)
  })

  test('RFC 6675 §4: pipe is what was sent, less what is SACKed and what is lost, and what is resent again', () => {
    const queue = createSentQueue()
    for (let n = 0; n < 10; n++) pushSent(queue, n * 100, n * 100 + 100, 0)
    markSacked(queue, 4)
    expect(bytesInFlight(queue)).toBe(900)
    markLost(queue, 0)
    markLost(queue, 1)
    expect(bytesInFlight(queue)).toBe(700)
    markResent(queue, 0, 1)
    expect(bytesInFlight(queue)).toBe(800)
    markSacked(queue, 1)
    expect(bytesInFlight(queue)).toBe(800)
    dropFirst(queue)
    expect(bytesInFlight(queue)).toBe(700)
  })

  test('a search for an offset takes steps in proportion to its logarithm', () => {
    const queue = createSentQueue()
    for (let n = 0; n < 1000; n++) pushSent(queue, n * 100, n * 100 + 100, 0)
    expect([positionOf(queue, -1), positionOf(queue, 0), positionOf(queue, 99), positionOf(queue, 100), positionOf(queue, 1e9)])
      .toEqual([0, 0, 0, 1, 1000])
  })
})
