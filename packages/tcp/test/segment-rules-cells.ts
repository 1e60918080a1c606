import type { Arriving, Situation } from './segment-rules.ts'

const TEXTS = [0, 1, 10]
/** What the peer offers in the segments of the table: different from before, so that window updates show. */
const WINDOW = 900

const add = (a: number, n: number): number => (a + n) | 0
const unique = (numbers: number[]): number[] => [...new Set(numbers)]

/** Before the window, at its left edge and one before it, inside, its last byte, its right edge, beyond. */
function sequenceEdges({ rcvNxt, rcvWnd }: Situation): number[] {
  return unique([-100, -1, 0, 100, rcvWnd - 1, rcvWnd, rcvWnd + 100].map((offset) => add(rcvNxt, offset)))
}

/** Around SND.UNA - MAX.SND.WND, SND.UNA and SND.NXT. */
function ackEdges({ una, nxt, maxWnd }: Situation): number[] {
  return unique([
    add(una, -maxWnd - 1), add(una, -maxWnd), add(una, -1), una, add(una, 1), add(nxt, -1), nxt, add(nxt, 1),
  ])
}

/** Every combination of control bits with every edge, with and without text. */
export function* everyCell(here: Situation): Generator<Arriving> {
  for (let flags = 0; flags < 256; flags++) {
    for (const sequence of sequenceEdges(here)) {
      for (const text of TEXTS) {
        for (const acknowledgment of ackEdges(here)) {
          yield { sequence, acknowledgment, flags, text, window: WINDOW, timestamp: undefined }
        }
      }
    }
  }
}
