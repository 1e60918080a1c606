import { afterAll, describe, expect, test } from 'vitest'
import { scenes, TS_RECENT } from './segment-rules-scenes.ts'
import { runTable } from './segment-rules-table.ts'
import type { Arriving, Situation } from './segment-rules.ts'

/**
 * The exhaustive table once more with timestamps agreed upon (RFC 7323): missing, older, the same and newer ones, as far
 * from TS.Recent as they can be, in every state that has seen the peer's SYN. And RFC 6191 where they are new: what a SYN
 * with timestamps does to a TIME-WAIT that came about without them.
 */

const TEXTS = [0, 10]
const STAMPS = [
  undefined, TS_RECENT - 1, TS_RECENT, TS_RECENT + 1, (TS_RECENT + 2 ** 31 - 1) | 0, (TS_RECENT + 2 ** 31 + 1) | 0,
]

const initialSequenceNumbers: [string, number, number][] = [
  ['100 and 500', 100, 500],
  ['near 2³¹ and 2³²', 2 ** 31 - 10, 2 ** 32 - 100],
]

function* cells({ una, nxt, rcvNxt, rcvWnd }: Situation): Generator<Arriving> {
  for (let flags = 0; flags < 256; flags++) {
    for (const offset of new Set([-1, 0, 1, rcvWnd - 1, rcvWnd])) {
      for (const text of TEXTS) {
        for (const acknowledgment of new Set([una, nxt, (nxt + 1) | 0])) {
          for (const timestamp of STAMPS) {
            yield { sequence: (rcvNxt + offset) | 0, acknowledgment, flags, text, window: 900, timestamp }
          }
        }
      }
    }
  }
}

const synchronized = scenes.filter(({ title }) => !/CLOSED|LISTEN$|SYN-SENT$|window closed/.test(title))

let total = 0

describe('RFC 7323 §5, RFC 6191: every state, control bit and timestamp', () => {
  for (const [where, iss, irs] of initialSequenceNumbers) {
    for (const scene of synchronized) {
      for (const timestamps of ['agreed', 'not agreed'] as const) {
        if (timestamps === 'not agreed' && !scene.title.startsWith('TIME-WAIT')) continue
        test(`${scene.title}, timestamps ${timestamps}, initial sequence numbers ${where}`, () => {
          const result = runTable(scene, { iss: iss | 0, irs: irs | 0, timestamps }, cells)
          total += result.cells
          expect(result.faults.slice(0, 20), `${result.faults.length} cells differ`).toEqual([])
        })
      }
    }
  }

  afterAll(() => {
    console.log(`${total} cells of the table of timestamps`)
  })
})
