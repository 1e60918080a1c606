import type { BenchmarkDocument, BenchmarkEntry } from '../document.ts'
import type { TargetResult } from '../targets.ts'
import type { Bar } from './bars.ts'
import { barCharts } from './bars.ts'

export interface Plot {
  readonly file: string
  readonly title: string
  readonly svg: string
}

/** What can be drawn of these figures. */
export function plots(node: BenchmarkDocument, others: readonly BenchmarkDocument[], targets: readonly TargetResult[]): Plot[] {
  const drawn: Plot[] = []
  const add = (file: string, title: string, svg: string): void => void drawn.push({ file, title, svg })
  const of = (name: string): BenchmarkEntry | undefined => node.benchmarks.find((entry) => entry.name === name)

  if (targets.length > 0) add('targets.svg', 'Targets', targetPlot(targets))
  const oneWay = of('tcp-one-way')
  if (oneWay !== undefined) add('tcp-one-way.svg', oneWay.title, timedPlot(oneWay))
  const profile = of('segment-profile')
  if (profile !== undefined) add('segment.svg', profile.title, partPlot(profile))
  const cost = of('segment-cost')
  if (cost !== undefined) add('segment-cost.svg', cost.title, timedPlot(cost))
  if (oneWay !== undefined && others.length > 0) add('runtimes.svg', `${oneWay.title}, by runtime`, runtimePlot([node, ...others]))
  return drawn
}

function targetPlot(results: readonly TargetResult[]): string {
  const bars = results.map(({ target: { work, least, most }, got, reached }): Bar => {
    const share = Math.min(200, 100 * (least === undefined ? most! / got : got / least))
    return { label: short(work), parts: [{ name: '', value: share }], color: reached ? 2 : 1 }
  })
  return barCharts([{ title: 'How much of what is asked for', unit: '% of the target, 200 at most', bars }])
}

/** Bounds in grey, the kernel's in another colour than ours. */
function timedPlot({ title, unit, contenders }: BenchmarkEntry): string {
  const bars = contenders.map(({ name, median, low, high }): Bar => ({
    label: short(name), parts: [{ name: '', value: median }], low, high, color: name.startsWith('layerfour') ? 0 : name.startsWith('node:') ? 1 : 7,
  }))
  return barCharts([{ title, unit, bars }])
}

/** The small segments in one chart, the large ones in another: their scales differ. */
function partPlot({ title, unit, contenders }: BenchmarkEntry): string {
  const isSmall = ({ name }: { readonly name: string }): boolean => name.includes('1500')
  const order = contenders[0]!.parts.map(({ name }) => name)
  const bar = ({ name, parts }: BenchmarkEntry['contenders'][number]): Bar => ({
    label: name, parts: [...parts].sort((a, b) => place(order, a.name) - place(order, b.name)),
  })
  return barCharts([
    { title, unit, bars: contenders.filter(isSmall).map(bar) },
    { title: '', unit, bars: contenders.filter((contender) => !isSmall(contender)).map(bar) },
  ].filter(({ bars }) => bars.length > 0))
}

function place(order: readonly string[], name: string): number {
  const at = order.indexOf(name)
  return at < 0 ? order.length : at
}

function runtimePlot(documents: readonly BenchmarkDocument[]): string {
  const name = 'tcp-one-way'
  const first = documents[0]!.benchmarks.find((entry) => entry.name === name)!
  const wanted = first.contenders.filter((contender) => !contender.name.startsWith('only'))
  return barCharts(wanted.map((contender) => ({
    title: contender.name,
    unit: first.unit,
    bars: documents.flatMap(({ runtime, benchmarks }): Bar[] => {
      const found = benchmarks.find((entry) => entry.name === name)?.contenders.find((one) => one.name === contender.name)
      return found === undefined ? [] : [{ label: runtime.name, parts: [{ name: '', value: found.median }], low: found.low, high: found.high }]
    }),
  })))
}

/** What fits beside a bar. */
function short(label: string): string {
  return label.length <= 50 ? label : `${label.slice(0, 49)}…`
}
