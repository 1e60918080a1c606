import { describe, expect, test } from 'vitest'
import type { BenchmarkDocument, BenchmarkEntry, ContenderEntry } from '../src/document.ts'
import { barCharts } from '../src/performance/bars.ts'
import { performancePage } from '../src/performance/page.ts'
import { boundRows, partRows, runtimeRows, timedRows } from '../src/performance/tables.ts'

const summary = (median: number) => ({ median, low: median, high: median })

function contender(name: string, median: number, more: Partial<ContenderEntry> = {}): ContenderEntry {
  return {
    name, median, low: median - 10, high: median + 10, perCpuSecond: null, ratio: null, cpuRatio: null, bound: null, boundRatio: null,
    parts: [], ...more,
  }
}

const oneWay: BenchmarkEntry = {
  name: 'tcp-one-way', title: 'TCP one way', unit: 'MB/s', ratio: 0.5, spread: { low: 0.4, high: 0.6 }, baseline: 'node:net', rounds: 7,
  contenders: [
    contender('layerfour, MTU 1500, JS kernels', 724, {
      perCpuSecond: summary(700), ratio: summary(0.5), cpuRatio: summary(0.25), bound: 'only copies', boundRatio: summary(0.362),
    }),
    contender('node:net', 1448, { perCpuSecond: summary(1500), ratio: summary(1), cpuRatio: summary(1) }),
    contender('only copies', 2000, { perCpuSecond: summary(2000), ratio: summary(1.4), cpuRatio: summary(1.3) }),
  ],
}
const profile: BenchmarkEntry = {
  name: 'segment-profile', title: 'A segment', unit: 'ns/segment', ratio: null, spread: null, baseline: null, rounds: 0,
  contenders: [
    contender('MTU 1500', 300, { parts: [{ name: 'tcp', value: 200 }, { name: 'copies', value: 100 }] }),
    contender('64 KiB', 1000, { parts: [{ name: 'copies', value: 900 }, { name: 'ip', value: 100 }] }),
  ],
}

function document(name: 'Node' | 'Chromium', ...benchmarks: BenchmarkEntry[]): BenchmarkDocument {
  return {
    schema: 1, date: '2026-11-20T12:00:00.000Z', benchmarks,
    runtime: { name, version: '1', engine: 'V8', platform: 'linux x64', cpu: 'a CPU', cpus: 2 },
  }
}

describe('docs/performance.md', () => {
  test('a contender has its rate, its spread, its ratios and its share of the bound in one row', () => {
    expect(timedRows(oneWay)).toEqual([
      ['', 'MB/s', 'middle half', 'per CPU-second', '× node:net', 'by CPU time', 'of its bound'],
      ['layerfour, MTU 1500, JS kernels', '724', '714–734', '700', '0.500 (0.500–0.500)', '0.250', '36 %'],
      ['node:net', '1,448', '1,438–1,458', '1,500', '', '', ''],
      ['only copies', '2,000', '1,990–2,010', '2,000', '1.40 (1.40–1.40)', '1.30', ''],
    ])
  })

  test('a segment takes what its bound takes, and something above it', () => {
    expect(boundRows(oneWay).slice(1)).toEqual([['layerfour, MTU 1500, JS kernels', '2000', '724', '1276'], ['node:net', '1000', '', '']])
  })

  test('the parts of all cases stand beside each other, the largest first', () => {
    expect(partRows(profile)).toEqual([
      ['ns', 'MTU 1500', '64 KiB'], ['copies', '100', '900'], ['tcp', '200', '0'], ['ip', '0', '100'], ['**all**', '**300**', '**1000**'],
    ])
  })

  test('runtimes stand beside each other; a page has no ratios', () => {
    const inPage = { ...oneWay, ratio: null, baseline: null, contenders: [contender('layerfour, MTU 1500, JS kernels', 600)] }
    expect(runtimeRows([document('Node', oneWay), document('Chromium', inPage)], ['tcp-one-way']).slice(1)).toEqual([
      ['tcp-one-way: layerfour, MTU 1500, JS kernels', 'MB/s', '724 (0.500 ×)', '600'],
      ['tcp-one-way: node:net', 'MB/s', '1,448', '–'],
      ['tcp-one-way: only copies', 'MB/s', '2,000 (1.40 ×)', '–'],
    ])
  })

  test('the page has what was asked for, plots that exist, and only what was run', () => {
    const { markdown, plots } = performancePage({ node: document('Node', oneWay, profile), others: [] }, 'performance')
    expect(markdown).toContain('0 of 1 are reached.')
    expect(markdown).toContain(
      '| TCP one way, MTU 1500, checksums computed and verified, JS kernels | ≥ 1.2 × | 0.500 × | 41 % of it |')
    expect(markdown).toContain('## Where each nanosecond of a segment goes')
    expect(markdown).not.toContain('## Over TUN')
    expect(markdown).not.toContain('other runtimes')
    const shown = [...markdown.matchAll(/\]\(performance\/([\w-]+\.svg)\)/g)].map(([, file]) => file)
    expect(shown).toEqual(expect.arrayContaining(plots.map(({ file }) => file)))
    expect(shown).toHaveLength(plots.length)
  })

  test('bars lie end to end, by one scale', () => {
    const parts = [{ name: 'a', value: 30 }, { name: 'b', value: 20 }]
    const svg = barCharts([{ title: 'x < y', unit: 'ns', bars: [{ label: 'one', parts }, { label: 'two', parts: [{ name: 'b', value: 50 }] }] }])
    // 450 pixels for 0 to 50.
    expect(svg).toContain('<rect x="340" y="30" width="270" height="15" fill="#0072b2"/>')
    expect(svg).toContain('<rect x="610" y="30" width="180" height="15" fill="#d55e00"/>')
    expect(svg).toContain('<rect x="340" y="52" width="450" height="15" fill="#d55e00"/>')
    expect(svg).toContain('x &lt; y')
  })
})
