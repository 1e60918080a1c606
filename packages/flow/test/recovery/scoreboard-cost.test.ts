import { describe, expect, test } from 'vitest'
import { Flow } from './_flow.ts'

/** Steps that walks over the scoreboard take while `acks` ACKs with the given blocks (in segments) are taken. */
function cost(segments: number, acks: number, blocksOf: (ack: number) => [number, number][]): number {
  const flow = new Flow()
  flow.send(segments)
  flow.recovery.sent.steps = 0
  for (let ack = 0; ack < acks; ack++) flow.ack(0, blocksOf(ack))
  return flow.recovery.sent.steps
}

const SEGMENTS = 8192

describe('law 6: walks over the scoreboard are bounded, whatever the SACK blocks are', () => {
  test('the honest case, one hole and one more segment an ACK: a few steps each', () => {
    expect(cost(SEGMENTS, SEGMENTS - 1, (ack) => [[1, ack + 2]])).toBeLessThan(8 * SEGMENTS)
  })

  test('every other segment, then growing blocks whose left edges shift', () => {
    const alternate = (ack: number): [number, number][] => [[2 * ack + 1, 2 * ack + 2]]
    expect(cost(SEGMENTS, SEGMENTS / 2 - 1, alternate)).toBeLessThan(8 * SEGMENTS)
    // What is SACKed bit by bit from behind and from everywhere, and asked for by blocks that begin ever elsewhere.
    const shifting = (ack: number): [number, number][] => {
      const left = 1 + Math.imul(ack, 2_654_435_761) % 997 >>> 0
      return [[left % 997 + 1, 1000 + ack], [left % 499 + 1, 1000 + ack], [2, 1000 + ack], [left % 251 + 1, 1000 + ack]]
    }
    expect(cost(SEGMENTS, 7000, shifting)).toBeLessThan(4 * 7000 * 14)
  })

  test('a block that covers all, again and again', () => {
    expect(cost(SEGMENTS, 5000, () => [[1, SEGMENTS], [1, SEGMENTS], [1, SEGMENTS], [1, SEGMENTS]])).toBeLessThan(SEGMENTS * 3 + 5000 * 16)
  })

  test('from the end to the front, one segment an ACK', () => {
    expect(cost(SEGMENTS, SEGMENTS - 2, (ack) => [[SEGMENTS - 1 - ack, SEGMENTS - ack], [SEGMENTS - 1 - ack, SEGMENTS]]))
      .toBeLessThan(16 * SEGMENTS)
  })
})

test('law 6: the search for what to resend looks at each record once, also when all of a full queue is lost', () => {
  const flow = new Flow()
  flow.send(SEGMENTS)
  flow.ack(0, [[100, 200], [300, 4000]])
  flow.timeout()
  flow.congestion.cwnd = 2 * SEGMENTS * 1000
  flow.recovery.sent.steps = 0
  expect(flow.resend().length).toBe(SEGMENTS - 3800)
  expect(flow.recovery.sent.steps).toBeLessThan(2 * SEGMENTS)
})

describe('forged SACK blocks', () => {
  const forged: [string, [number, number]][] = [
    ['beyond SND.NXT', [50, 500]], ['below SND.UNA', [-50, -10]], ['empty', [5, 5]], ['upside down', [9, 3]],
    ['inside of one segment', [3.2, 3.8]], ['across a border, whole segments none', [3.5, 4.5]],
  ]
  test.each(forged)('%s: no effect', (_, block) => {
    const flow = new Flow()
    flow.send(20)
    flow.ack(2)
    flow.ack(2, [block])
    expect(flow.recovery.sent.sackedCount).toBe(0)
    expect(flow.lost()).toEqual([])
  })
})
