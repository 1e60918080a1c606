import { describe, expect, test } from 'vitest'
import { type CongestionState, cubic, dctcp, newReno, reno } from '../src/index.ts'
import { averageWindow } from './_model.ts'

const LOSSES = [100, 1000, 10_000, 100_000]

/** Reno: sqrt(3/2) / sqrt(p), usually given as 1.2 / sqrt(p) (RFC 3649 §4, RFC 9438 §5). */
const renoWindow = (p: number): number => 1.2 / Math.sqrt(p)
/** RFC 9438 §5.1: AVG_W_cubic, `rtt` in seconds. */
const cubicWindow = (p: number, rtt: number): number => (0.4 * 3.7 / 1.2) ** 0.25 * rtt ** 0.75 / p ** 0.75

describe('average window under periodic loss of one segment in n', () => {
  test.each(LOSSES.flatMap((every) => [newReno, reno, dctcp].map((control) => [control.name, every, control] as const)))(
    '%s, n = %i: within a tenth of 1.2/√p', (_, every, control) => {
      const published = renoWindow(1 / every)
      const measured = averageWindow<CongestionState>(control, { every, rtt: 100, skip: 5, measure: 5, start: 2 * published })
      expect(measured / published).toBeGreaterThan(0.9)
      expect(measured / published).toBeLessThan(1.1)
    },
  )

  test.each(LOSSES.flatMap((every) => [10, 100].map((rtt) => [every, rtt] as const)))(
    'RFC 9438 §5.1, cubic, n = %i, RTT %i ms: within a tenth of AVG_W, or of Reno’s where that is more', (every, rtt) => {
      const p = 1 / every
      const published = Math.max(cubicWindow(p, rtt / 1000), renoWindow(p))
      // The formula is about the steady state, which a flow alone on its path nears slowly.
      const measured = averageWindow(cubic, { every, rtt, skip: 100, measure: 10, start: 2 * published })
      expect(measured / published).toBeGreaterThan(0.9)
      expect(measured / published).toBeLessThan(1.1)
    },
  )

  test.each([[100, 12], [1000, 38], [10_000, 187], [100_000, 1054]])(
    'RFC 9438 §5.1, table 1, RTT 0.1 s: the formula gives for n = %i the %i segments printed there', (every, segments) => {
      expect(Math.round(Math.max(cubicWindow(1 / every, 0.1), renoWindow(1 / every)))).toBe(segments)
    },
  )
})
