import { describe, expect, test } from 'vitest'
import type { Contender, TimedBenchmark } from '../src/benchmark.ts'
import { timedEntry } from '../src/document.ts'
import type { Clocks } from '../src/measure.ts'
import { measure } from '../src/measure.ts'
import { timedReport } from '../src/report.ts'
import { quantile, summarize } from '../src/statistics.ts'

describe('statistics', () => {
  test('quantiles lie between the samples around their place', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75)
    expect(quantile([7], 0.75)).toBe(7)
    expect(summarize([5, 1, 2, 4, 3])).toEqual({ median: 3, low: 2, high: 4 })
    expect(() => quantile([], 0.5)).toThrow(RangeError)
  })
})

/** Contenders whose work takes a time of their own, on clocks that nothing else moves. */
class Workshop {
  /** Who had a turn, in order. */
  readonly turns: string[] = []
  readonly closed: string[] = []
  readonly clocks: Clocks
  #now = 0
  #cpu = 0

  constructor() {
    this.clocks = { now: () => this.#now, cpu: () => this.#cpu }
  }

  /** One that takes `real` and `cpu` ms for a unit of work. */
  contender(name: string, real: number, cpu: number): Contender {
    return {
      name,
      open: () => Promise.resolve({
        run: (amount) => {
          this.turns.push(name)
          this.#now += amount * real
          this.#cpu += amount * cpu
          return Promise.resolve()
        },
        close: () => void this.closed.push(name),
      }),
    }
  }
}

function benchmark(contenders: readonly Contender[], baseline: string): TimedBenchmark {
  return { kind: 'timed', group: 'speed', name: 'test', title: 'Test', unit: 'kilounits/s', scale: 1000, contenders, baseline }
}

describe('measuring', () => {
  test('contenders take turns; rates are in the unit, by real and by CPU time; ratios are to the baseline', async () => {
    const workshop = new Workshop()
    const tested = benchmark([workshop.contender('ours', 0.01, 0.02), workshop.contender('theirs', 0.04, 0.04)], 'theirs')
    const result = await measure(tested, { rounds: 3, turn: 100, clocks: workshop.clocks })
    expect(workshop.turns.slice(-6)).toEqual(['ours', 'theirs', 'ours', 'theirs', 'ours', 'theirs'])
    expect(workshop.closed).toEqual(['ours', 'theirs'])

    const [ours, theirs] = result.contenders
    expect(ours!.rate.median).toBeCloseTo(100)
    expect(ours!.perCpuSecond!.median).toBeCloseTo(50)
    expect(theirs!.rate.median).toBeCloseTo(25)
    expect(ours!.ratio!.median).toBeCloseTo(4)
    expect(ours!.cpuRatio!.median).toBeCloseTo(2)
    expect(theirs!.ratio!.median).toBe(1)

    expect(timedEntry(result)).toMatchObject({
      name: 'test', unit: 'kilounits/s', baseline: 'theirs', rounds: 3, ratio: ours!.ratio!.median,
      contenders: [{ name: 'ours', median: ours!.rate.median, perCpuSecond: ours!.perCpuSecond }, { name: 'theirs' }],
    })
    expect(timedReport(result)).toMatch(/^test: Test, 3 rounds\n.*× theirs.*\nours +100 .* 4\.00 \(4\.00–4\.00\)/)
  })

  test('a contender that fails ends the run, and all are closed', async () => {
    const workshop = new Workshop()
    const broken: Contender = {
      name: 'broken',
      open: () => Promise.resolve({
        run: () => Promise.reject(new Error('connection lost')),
        close: () => void workshop.closed.push('broken'),
      }),
    }
    const tested = benchmark([workshop.contender('ours', 1, 1), broken], 'broken')
    await expect(measure(tested, { rounds: 1, turn: 10, clocks: workshop.clocks })).rejects.toThrow('connection lost')
    expect(workshop.closed).toEqual(['ours', 'broken'])
  })

  test('where there is no CPU clock, there is nothing by CPU time', async () => {
    const workshop = new Workshop()
    const contenders = [{ ...workshop.contender('ours', 0.01, 0), bound: 'bound' }, workshop.contender('bound', 0.005, 0)]
    const clocks = { ...workshop.clocks, cpu: () => NaN }
    const result = await measure(benchmark(contenders, 'bound'), { rounds: 2, turn: 100, clocks })
    const [ours] = result.contenders
    expect(ours).toMatchObject({ perCpuSecond: null, cpuRatio: null })
    expect(ours!.boundRatio!.median).toBeCloseTo(0.5)
    expect(timedReport(result).split('\n')[1]).not.toContain('CPU')
  })

  test('a baseline that is no contender is a mistake', async () => {
    const workshop = new Workshop()
    const tested = benchmark([workshop.contender('ours', 1, 1)], 'theirs')
    await expect(measure(tested, { rounds: 1, turn: 10, clocks: workshop.clocks })).rejects.toThrow("no contender is named 'theirs'")
  })
})
