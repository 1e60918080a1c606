import type { Count, CountingBenchmark } from './benchmark.ts'
import type { TimedResult } from './measure.ts'
import type { Runtime } from './runtime.ts'
import type { Summary } from './statistics.ts'

/** Places that are worth a line, in the benchmark's unit. */
const SMALLEST_PART = 0.01

export function runtimeLine({ name, version, engine, platform, cpu, cpus }: Runtime): string {
  return `${name} ${version} (${engine}), ${platform}, ${cpus} × ${cpu}`
}

/** One line for each contender: rate, its spread, work per CPU-second, ratios to the baseline. */
export function timedReport({ benchmark, rounds, contenders }: TimedResult): string {
  const { name, title, unit, baseline } = benchmark
  const header = ['', unit, 'middle half', 'per CPU-second', `× ${baseline}`, 'by CPU time']
  const rows = contenders.map((contender) => [
    contender.name,
    number(contender.rate.median),
    range(contender.rate, number),
    number(contender.perCpuSecond.median),
    contender.name === baseline ? '' : `${ratio(contender.ratio.median)} (${range(contender.ratio, ratio)})`,
    contender.name === baseline ? '' : `${ratio(contender.cpuRatio.median)} (${range(contender.cpuRatio, ratio)})`,
  ])
  return `${name}: ${title}, ${rounds} rounds\n${table([header, ...rows])}`
}

export function countedReport({ name, title, unit }: CountingBenchmark, counts: readonly Count[]): string {
  const rows = counts.flatMap((count) => [
    [count.name, count.value.toFixed(2)],
    ...count.parts.filter(({ value }) => value >= SMALLEST_PART).map((part) => [`  ${part.name}`, part.value.toFixed(2)]),
  ])
  return `${name}: ${title}\n${table([['', unit], ...rows])}`
}

/** Columns as wide as they must be; the first one is text, the others are figures. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => row.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)).join('   ').trimEnd()).join('\n')
}

function range({ low, high }: Summary, format: (value: number) => string): string {
  return `${format(low)}–${format(high)}`
}

/** Three significant digits at least, and no more than the unit. */
function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

function ratio(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
