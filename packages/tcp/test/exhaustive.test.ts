import { afterAll, describe, expect, test } from 'vitest'
import { everyCell } from './segment-rules-cells.ts'
import { scenes } from './segment-rules-scenes.ts'
import { runTable } from './segment-rules-table.ts'

/**
 * Every state of RFC 9293 §3.3.2, every combination of the eight control bits, every edge of the receive window with and
 * without text, every edge of the acceptable acknowledgments: each cell is a segment that arrives, and is compared with
 * what the rules of segment-rules.ts say: what goes out, what state follows, why it is dropped.
 */

let total = 0

describe('RFC 9293 §3.10.7: every state, control bit, window edge and acknowledgment', () => {
  for (const scene of scenes) {
    test(scene.title, () => {
      const result = runTable(scene, { iss: 100, irs: 500 }, everyCell)
      total += result.cells
      expect(result.faults.slice(0, 20), `${result.faults.length} cells differ`).toEqual([])
    })
  }

  afterAll(() => {
    console.log(`${total} cells of the exhaustive table`)
  })
})
