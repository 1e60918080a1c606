import { expect, test } from 'vitest'
import { benchmarks } from '../src/benchmarks/index.ts'
import { countedEntry, timedEntry } from '../src/document.ts'
import { targetResults, targetRows, targets } from '../src/targets.ts'

const summary = (median: number) => ({ median, low: median, high: median })

test('a run is held against the targets that it has figures for', () => {
  const webStreams = benchmarks.find(({ name }) => name === 'web-streams')!
  const idleMemory = benchmarks.find(({ name }) => name === 'idle-memory')!
  if (webStreams.kind !== 'timed' || idleMemory.kind !== 'counted') throw new Error('expected the one timed and the other counted')
  const contenders = webStreams.contenders.map(({ name }, i) => ({
    name, rate: summary(100), perCpuSecond: null, ratio: summary(i === 0 ? 0.25 : 1), cpuRatio: null, boundRatio: null,
  }))
  const entries = [
    timedEntry({ benchmark: webStreams, rounds: 1, contenders }),
    countedEntry(idleMemory, [{ name: 'layerfour, 10,000 pairs', value: 1000, parts: [] }]),
  ]
  expect(targetRows(targetResults(entries))).toEqual([
    ['target', 'asked for', 'got', ''],
    ['idle established connection', '≤ 1024 bytes', '1000 bytes', 'reached'],
    ['Web Streams, 64 KiB chunks, over base sockets', '≥ 0.5 ×', '0.250 ×', '50 % of it'],
  ])
})

test('every target names a benchmark, and a contender where those are known beforehand', () => {
  for (const { benchmark: wanted, contender } of targets) {
    if (wanted.startsWith('tun-')) continue
    const benchmark = benchmarks.find(({ name }) => name === wanted)
    expect(benchmark, wanted).toBeDefined()
    if (benchmark!.kind === 'timed') expect(benchmark!.contenders.map(({ name }) => name)).toContain(contender)
  }
})
