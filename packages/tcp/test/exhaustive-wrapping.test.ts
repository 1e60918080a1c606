import { afterAll, describe, expect, test } from 'vitest'
import { everyCell } from './segment-rules-cells.ts'
import { scenes } from './segment-rules-scenes.ts'
import { runTable } from './segment-rules-table.ts'

/** The exhaustive table where sequence numbers are most easily compared wrongly: the windows lie across 2³¹ and 2³². */
const initialSequenceNumbers: [string, number, number][] = [
  ['near 2³¹ and 2³²', 2 ** 31 - 10, 2 ** 32 - 100],
  ['near 2³² and 2³¹', 2 ** 32 - 10, 2 ** 31 - 100],
  ['the last ones before 2³¹ and 2³²', 2 ** 31 - 1, 2 ** 32 - 1],
  ['the last ones before 2³² and 2³¹', 2 ** 32 - 1, 2 ** 31 - 1],
]

/** A SYN with the very last number before the wrap matters to those whose handshake is not done. */
const handshaking = scenes.filter(({ title }) => /^(LISTEN|SYN)/.test(title))

let total = 0

describe('RFC 9293 §3.4, §3.10.7: the exhaustive table where sequence numbers wrap', () => {
  for (const [where, iss, irs] of initialSequenceNumbers) {
    for (const scene of where.startsWith('the last') ? handshaking : scenes) {
      test(`${scene.title}, initial sequence numbers ${where}`, () => {
        const result = runTable(scene, { iss: iss | 0, irs: irs | 0 }, everyCell)
        total += result.cells
        expect(result.faults.slice(0, 20), `${result.faults.length} cells differ`).toEqual([])
      })
    }
  }

  afterAll(() => {
    console.log(`${total} cells of the exhaustive table where sequence numbers wrap`)
  })
})
