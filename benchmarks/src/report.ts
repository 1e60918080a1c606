import type { Count, CountingBenchmark } from './benchmark.ts'
import type { Range } from './document.ts'
import type { TimedResult } from './measure.ts'
import type { Runtime } from './runtime.ts'

/** Places that are worth a line, in the benchmark's unit. */
const SMALLEST_PART = 0.01

export function runtimeLine({ name, version, engine, platform, cpu, cpus }: Runtime): string {
  return `${name} ${version} (${engine}), ${platform}, ${cpus} × ${cpu}`
}

/** One line for each contender: rate, its spread, work per CPU-second, ratios to the baseline and to its bound. */
export function timedReport({ benchmark, rounds, contenders }: TimedResult): string {
  const { name, title, unit, baseline } = benchmark
  const header = ['', unit, 'middle half', 'per CPU-second', `× ${baseline}`, 'by CPU time', 'of its bound']
  const rows = contenders.map(({ name: own, rate, perCpuSecond, ratio, cpuRatio, boundRatio }) => [
    own,
    number(rate.median),
    range(rate, number),
    perCpuSecond === null ? '' : number(perCpuSecond.median),
    ratio === null || own === baseline ? '' : `${factor(ratio.median)} (${range(ratio, factor)})`,
    cpuRatio === null || own === baseline ? '' : `${factor(cpuRatio.median)} (${range(cpuRatio, factor)})`,
    boundRatio === null ? '' : percent(boundRatio.median),
  ])
  return `${name}: ${title}, ${rounds} rounds\n${table(withoutEmpty([header, ...rows]))}`
}

/** Without the columns in which nothing stands but a header. */
function withoutEmpty(rows: readonly (readonly string[])[]): string[][] {
  return rows.map((row) => row.filter((_, column) => column === 0 || rows.slice(1).some((other) => other[column] !== '')))
}

export function countedReport({ name, title, unit }: CountingBenchmark, counts: readonly Count[]): string {
  const rows = counts.flatMap((count) => [
    [count.name, figure(count.value)],
    ...count.parts.filter(({ value }) => value >= SMALLEST_PART).map((part) => [`  ${part.name}`, figure(part.value)]),
  ])
  return `${name}: ${title}\n${table([['', unit], ...rows])}`
}

/** Of what is counted. */
export function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 100 ? 1 : 2)
}

/** Columns as wide as they must be; the first one is text, the others are figures. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => row.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)).join('   ').trimEnd()).join('\n')
}

export function range({ low, high }: Range, format: (value: number) => string): string {
  return `${format(low)}–${format(high)}`
}

/** Three significant digits at least, and no more than the unit. */
export function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

export function factor(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

export function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`
}
