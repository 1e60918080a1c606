import { bbr, cubic, newReno } from '@layerfour/flow'
import { describe, expect, test } from 'vitest'
import { burst, filling, reordering, spuriousTimeout, tail } from '../src/congestion/experiments/goals.ts'
import { modelledWindow, stackWindow, within } from '../src/congestion/experiments/response.ts'
import { fairness } from '../src/congestion/experiments/sharing.ts'
import type { Check } from '../src/congestion/experiment.ts'
import { congestionDocument } from '../src/congestion/document.ts'
import { markdown } from '../src/congestion/markdown.ts'
import { jain, quantile, rates } from '../src/congestion/measure.ts'
import { Network, PACKET } from '../src/congestion/network.ts'
import { gridPlot, plot } from '../src/congestion/svg.ts'

/** A failure shows what was measured. */
function holds({ name, passed, figures }: Check): void {
  expect(`${passed ? 'PASS' : 'FAIL'} ${name}: ${figures}`).toMatch(/^PASS/)
}

/** For slow machines: seconds of full stacks. */
const patience = { timeout: 60_000 }

describe('what must hold on 100 Mbit/s, 50 ms and a buffer of one bandwidth-delay product', patience, () => {
  test('CUBIC alone fills 95 % of the link', () => holds(filling(cubic, 0, 10_000, 0.95)))

  test('BBR fills 85 % of the link in spite of 1 % random loss', () => holds(filling(bbr, 0.01, 10_000, 0.85, [5])))

  test.each(['the first fifth', 'a fifth in its middle', 'the last fifth', 'every fifth packet', 'a fifth at random'] as const)(
    'RFC 6675, 6937, 8985: a window of which %s is lost is repaired within two round trips, without a timeout', (pattern) => {
      holds(burst(pattern))
    },
  )

  test.each([1, 2, 3, 10])('RFC 8985 §7: a loss probe asks for the last %i segments within 2·SRTT, and nothing times out', (lost) => {
    holds(tail(lost))
  })

  test.each([50, 20])('RFC 8985 §6.2: over %i ms with packets overtaken by 3 to 64 others, nothing is sent again in vain', (rtt) => {
    holds(reordering(rtt, 6000))
  })

  test.each([[500, Infinity], [400, 300]])('RFC 4015: a timeout by %s ms more delay, for %s ms, is taken back', (more, last) => {
    holds(spuriousTimeout(more, last))
  })
})

describe('average window under periodic loss, of full stacks', patience, () => {
  test.each([100, 1000])('RFC 9438 §5.1, newreno, one packet in %i lost: within a tenth of √(3/2)/√p', (distance) => {
    const published = Math.sqrt(1.5 * distance)
    const { sent, cwnd } = stackWindow({ control: newReno, rtt: 100, published: (p) => Math.sqrt(1.5 / p) }, distance, 1, 15)
    expect(within(published, sent) && within(published, cwnd), `${sent} sent, cwnd ${cwnd}, published ${published}`).toBe(true)
  })

  test('RFC 9438 §5.1, cubic, one packet in 10,000 lost, RTT 100 ms: within a tenth of AVG_W', () => {
    const published = (p: number): number => (0.4 * 3.7 / 1.2) ** 0.25 * 0.1 ** 0.75 / p ** 0.75
    const { sent, cwnd } = stackWindow({ control: cubic, rtt: 100, published }, 10_000, 1, 4)
    expect(within(published(1e-4), sent) && within(published(1e-4), cwnd), `${sent} sent, cwnd ${cwnd}`).toBe(true)
  })

  test('the model alone gives the same', () => {
    expect(within(Math.sqrt(1500), modelledWindow({ control: newReno, rtt: 100, published: (p) => Math.sqrt(1.5 / p) }, 1000))).toBe(true)
  })
})

describe('sharing', patience, () => {
  const shared = { rate: 10, rtt: 50, buffer: 1, length: 60_000 }

  test("two equal CUBIC flows: Jain's index of 0.95 over 60 s", () => holds(fairness(2, 0.95, shared, [1])))

  test('eight: 0.9', () => holds(fairness(8, 0.9, shared, [1])))

  test("Jain's index is 1 for equal shares and 1/n when one has all", () => {
    expect(jain([3, 3, 3])).toBe(1)
    expect(jain([1, 0, 0, 0])).toBe(0.25)
  })

  test('the same seed gives the same run, byte for byte', () => {
    const run = (seed: number): number[] => {
      const senders = [{ control: cubic }, { control: bbr, extraRtt: 30, start: 100 }]
      const network = new Network({ rate: 5e6, rtt: 20, buffer: 20 * PACKET, seed, jitter: 1, impairments: { loss: 0.002 }, senders })
      return [...rates(network, 500, 3000), network.flows[1]!.info().rtt, network.flows[0]!.info().cwnd]
    }
    expect(run(1)).toEqual(run(1))
    expect(run(1)).not.toEqual(run(2))
    const [first, second] = run(1)
    expect(first! + second!).toBeGreaterThan(4e6)
    expect(first! + second!).toBeLessThan(5.2e6)
  })

  test('a longer way is as much longer as was asked for', () => {
    const network = new Network({ rate: Infinity, rtt: 20, buffer: 1e6, senders: [{ control: cubic }, { control: cubic, extraRtt: 30 }] })
    network.run(1000)
    expect(network.flows.map((flow) => Math.round(flow.info().minRtt))).toEqual([20, 50])
  })
})

describe('the report', () => {
  const outcome = {
    tables: [{ title: 'Rates', rows: [['algorithm', 'Mbit/s'], ['cubic', '9.5']] }],
    plots: [{ file: 'a.svg', title: 'A plot', svg: '' }],
    checks: [{ name: 'full', passed: false, figures: '9.5 of 10' }],
  }
  const experiment = { name: 'some', title: 'Some', method: 'As always.', run: () => outcome }

  test('the page shows plots, tables and what failed', () => {
    const page = markdown([{ experiment, outcome }], 'congestion')
    expect(page).toContain('1 of 1 checks fail.')
    expect(page).toContain('![A plot](congestion/a.svg)')
    expect(page).toContain('| algorithm | Mbit/s |\n| --- | ---: |\n| cubic | 9.5 |')
    expect(page).toContain('| full | FAIL | 9.5 of 10 |')
  })

  test('the JSON document has tables and checks, no plots', () => {
    expect(congestionDocument([{ experiment, outcome }], true)).toEqual({
      schema: 1, quick: true, experiments: [{ name: 'some', title: 'Some', tables: outcome.tables, checks: outcome.checks }],
    })
  })

  test('a plot has a line through its points, by its scales', () => {
    const panel = {
      title: 'a < b', x: { label: 'x', most: 10 }, y: { label: 'y', log: true, least: 1, most: 100 },
      series: [{ name: 'one', points: [[0, 1], [10, 100], [5, 10]] as const }],
    }
    const svg = plot([panel], 1, 166, 164)
    // 52 to 152 pixels across, 126 to 26 up.
    expect(svg).toContain('d="M52 126L152 26L102 76"')
    expect(svg).toContain('a &lt; b')
  })

  test('a grid has a cell for each share', () => {
    const svg = gridPlot([{ title: 'g', columns: ['a', 'b'], rows: [{ name: 'r', cells: [0.25, 1] }] }])
    expect(svg.match(/<rect [^>]*rgb/g)).toHaveLength(2)
    expect(svg).toContain('>25<')
    expect(svg).toContain('>100<')
  })

  test('a quantile is the value that so many do not exceed', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2)
    expect(quantile([4, 1, 3, 2], 1)).toBe(4)
    expect(quantile([4, 1, 3, 2], 0)).toBe(1)
  })
})
