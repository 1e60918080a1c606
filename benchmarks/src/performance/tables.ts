import type { BenchmarkDocument, BenchmarkEntry, ContenderEntry } from '../document.ts'
import { factor, figure, number, percent, range } from '../report.ts'

/** Text bytes of a segment at MTU 1500, with timestamps. */
const SEGMENT = 1448

/** A timed benchmark: one row a contender. */
export function timedRows({ unit, baseline, contenders }: BenchmarkEntry): string[][] {
  const header = ['', unit, 'middle half', 'per CPU-second', `× ${baseline}`, 'by CPU time', 'of its bound']
  const rows = contenders.map(({ name, median, low, high, perCpuSecond, ratio, cpuRatio, boundRatio }) => [
    name, number(median), range({ low, high }, number), perCpuSecond === null ? '' : number(perCpuSecond.median),
    ratio === null || name === baseline ? '' : `${factor(ratio.median)} (${range(ratio, factor)})`,
    cpuRatio === null || name === baseline ? '' : factor(cpuRatio.median),
    boundRatio === null ? '' : percent(boundRatio.median),
  ])
  return withoutEmpty([header, ...rows])
}

export function countedRows({ unit, contenders }: BenchmarkEntry): string[][] {
  return [['', unit], ...contenders.map(({ name, median }) => [name, figure(median)])]
}

/** Parts as rows and cases as columns, the largest part first. */
export function partRows({ contenders }: BenchmarkEntry): string[][] {
  const sums = new Map<string, number>()
  for (const { name, value } of contenders.flatMap(({ parts }) => parts)) sums.set(name, (sums.get(name) ?? 0) + value)
  const names = [...sums].sort(([, a], [, b]) => b - a).map(([name]) => name)
  const value = ({ parts }: ContenderEntry, wanted: string): string =>
    Math.round(parts.find(({ name }) => name === wanted)?.value ?? 0).toString()
  return [
    ['ns', ...contenders.map(({ name }) => name)],
    ...names.map((name) => [name, ...contenders.map((contender) => value(contender, name))]),
    ['**all**', ...contenders.map(({ median }) => `**${Math.round(median)}**`)],
  ]
}

/** What a segment of text takes of real time: of each contender, and of the loop that does only what it cannot do without. */
export function boundRows({ contenders }: BenchmarkEntry): string[][] {
  const time = (name: string): number | undefined => {
    const rate = contenders.find((contender) => contender.name === name)?.median
    return rate === undefined ? undefined : 1000 * SEGMENT / rate
  }
  const show = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(0))
  const rows = contenders.filter(({ bound }) => bound !== null).map(({ name, bound }) => {
    const own = time(name)!
    const least = time(bound!)
    return [name, show(own), show(least), least === undefined ? '' : show(own - least)]
  })
  return [[`ns for ${SEGMENT.toLocaleString('en')} bytes`, 'takes', 'bound', 'above it'], ...rows, ...kernel(show(time('node:net')))]
}

function kernel(time: string): string[][] {
  return time === '' ? [] : [['node:net', time, '', '']]
}

/** The same contenders in every runtime: rate, and ratio where there is one. */
export function runtimeRows(documents: readonly BenchmarkDocument[], names: readonly string[]): string[][] {
  const rows = names.flatMap((name) => {
    const entries = documents.map(({ benchmarks }) => benchmarks.find((entry) => entry.name === name))
    const first = entries.find((entry) => entry !== undefined)
    if (first === undefined) return []
    return first.contenders.map((contender) => [
      `${name}: ${contender.name}`, first.unit,
      ...entries.map((entry) => cell(entry, contender.name)),
    ])
  })
  return [['', 'unit', ...documents.map(({ runtime: { name, version } }) => `${name} ${version}`)], ...rows]
}

function cell(entry: BenchmarkEntry | undefined, name: string): string {
  const contender = entry?.contenders.find((one) => one.name === name)
  if (contender === undefined) return '–'
  const { median, ratio } = contender
  return ratio === null || name === entry!.baseline ? number(median) : `${number(median)} (${factor(ratio.median)} ×)`
}

function withoutEmpty(rows: readonly (readonly string[])[]): string[][] {
  return rows.map((row) => row.filter((_, column) => column === 0 || rows.slice(1).some((other) => other[column] !== '')))
}
