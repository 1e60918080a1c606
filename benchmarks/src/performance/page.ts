import type { BenchmarkDocument, BenchmarkEntry } from '../document.ts'
import { markdownTable } from '../markdown-table.ts'
import { runtimeLine } from '../report.ts'
import type { TargetResult } from '../targets.ts'
import { targetResults, targetRows } from '../targets.ts'
import type { Plot } from './plots.ts'
import { plots } from './plots.ts'
import { boundRows, countedRows, partRows, runtimeRows, timedRows } from './tables.ts'

/** Runs of one day; what could not be run is absent. */
export interface Runs {
  readonly node: BenchmarkDocument
  /** Deno, Bun, Chromium. */
  readonly others: readonly BenchmarkDocument[]
  readonly tun?: BenchmarkDocument | undefined
}

export interface Page {
  readonly markdown: string
  readonly plots: readonly Plot[]
}

/** Told as sections of their own, not among the tables. */
const APART = new Set(['segment-profile', 'allocation'])

/** The page of docs/, and the plots that lie in the directory `directory` beside it. */
export function performancePage({ node, others, tun }: Runs, directory: string): Page {
  const targets = targetResults([...node.benchmarks, ...tun?.benchmarks ?? []])
  const drawn = plots(node, others, targets)
  const image = (file: string): string[] => drawn.filter((plot) => plot.file === file)
    .flatMap(({ title }) => [`![${title}](${directory}/${file})`, ''])
  const of = (name: string): BenchmarkEntry | undefined => node.benchmarks.find((entry) => entry.name === name)
  const markdown = [
    '# Performance in figures',
    '',
    'What the stacks move, open and hold beside Node\'s own sockets, where the time goes, and what bounds it. `npm run bench -- --write` takes all',
    `figures anew and writes this page; the documents with all of them are in [${directory}/](${directory}).`,
    '',
    `${runtimeLine(node.runtime)}; ${node.date.slice(0, 10)}.`,
    '',
    ...method,
    ...targetSection(targets, image),
    ...oneWaySection(of('tcp-one-way'), image),
    ...profileSection(of('segment-profile'), image),
    ...allocationSection(of('allocation')),
    '## All benchmarks, in Node',
    '',
    ...node.benchmarks.filter(({ name }) => !APART.has(name)).flatMap((entry) => [
      ...entrySection(entry), ...(entry.name === 'segment-cost' ? image('segment-cost.svg') : []),
    ]),
    ...(tun === undefined ? [] : ['## Over TUN, against the kernel', '', tunMethod, '', ...tun.benchmarks.flatMap(entrySection)]),
    ...runtimeSection(node, others, image),
  ].join('\n')
  return { markdown: `${markdown.trimEnd()}\n`, plots: drawn }
}

const method = [
  '## Method',
  '',
  'Contenders take turns in one process, A B A B …; a ratio is taken within a round, between turns that lie next to each other, and the median of the',
  'rounds is given with its middle half (first to third quartile). Work per CPU-second counts user and system time of all threads, the',
  'garbage collector\'s and the kernel\'s included. Both ends are in the one process: two stacks joined by `pair()`, or two kernel sockets over loopback. Application copies',
  'count. [benchmarks/README.md](../benchmarks/README.md) has the rest.',
  '',
]

const tunMethod = 'The kernel\'s iperf3 against `l4 host` over a TUN interface with MTU 1500, with segmentation and checksum offload and without. CPU time is that '
  + 'of our process alone, what the kernel does in its system calls included.'

function targetSection(results: readonly TargetResult[], image: (file: string) => string[]): string[] {
  if (results.length === 0) return []
  const reached = results.filter((result) => result.reached).length
  return [
    '## What is asked for, and what this run got',
    '',
    `Medians of this run; a ratio is over \`node:net\` unless the row says otherwise. ${reached} of ${results.length} are reached.`,
    '',
    ...markdownTable(targetRows(results)),
    '',
    ...image('targets.svg'),
  ]
}

function oneWaySection(entry: BenchmarkEntry | undefined, image: (file: string) => string[]): string[] {
  if (entry === undefined) return []
  return [
    '## What the bound is',
    '',
    'Whatever a stack does, a byte is copied from the application into memory of the stack\'s (the application may change its own at once, and a lost segment',
    'is sent again), across the link, and to the other application; its checksum is computed and verified. The bound is a loop that does this with the same',
    'functions over the same kind of memory, and nothing else: no headers, no state, no events, no timers. What a stack takes above it is the price of',
    'being TCP.',
    '',
    ...image('tcp-one-way.svg'),
    ...markdownTable(boundRows(entry)),
    '',
  ]
}

function profileSection(entry: BenchmarkEntry | undefined, image: (file: string) => string[]): string[] {
  if (entry === undefined) return []
  return [
    '## Where each nanosecond of a segment goes',
    '',
    'CPU time of one segment from one application to the other, one way: both stacks, both applications, and the acknowledgments that belong to it. The',
    'whole is the CPU time of a run without a profiler, by segments of text; the shares are those of a CPU profile of the same load, by the package that a',
    'function is in, copies and checksums apart. *headers* are `wire`\'s codecs, *tables* `storage`\'s, *driver* is `runRealTime` and the host\'s event loop, *engine* what',
    'belongs to no function.',
    '',
    ...image('segment.svg'),
    ...markdownTable(partRows(entry)),
    '',
  ]
}

function allocationSection(entry: BenchmarkEntry | undefined): string[] {
  if (entry === undefined) return []
  return [
    '## What a segment allocates',
    '',
    'Bytes on the heap for each segment in steady state, by V8\'s sampling heap profiler, short-lived ones included. One object would be 12 bytes at least. What',
    'there is comes once a poll: times, which V8 puts into boxes of 12 to 16 bytes when they pass from one function to another.',
    '',
    ...markdownTable(countedRows(entry)),
    '',
  ]
}

function entrySection(entry: BenchmarkEntry): string[] {
  const isTimed = entry.rounds > 0
  return [
    `### ${entry.name}`,
    '',
    `${entry.title}.${isTimed ? ` ${entry.rounds} rounds.` : ''}`,
    '',
    ...markdownTable(isTimed ? timedRows(entry) : countedRows(entry)),
    '',
  ]
}

function runtimeSection(node: BenchmarkDocument, others: readonly BenchmarkDocument[], image: (file: string) => string[]): string[] {
  if (others.length === 0) return []
  const documents = [node, ...others]
  const names = [...new Set(others.flatMap(({ benchmarks }) => benchmarks.map(({ name }) => name)))]
  return [
    '## The same in other runtimes',
    '',
    'Deno and Bun have `node:net` and `node:dgram` too, their own; a page has none, so that there are rates alone. In brackets the ratio to the benchmark\'s baseline in the same',
    'runtime.',
    '',
    ...documents.map(({ runtime }) => `- ${runtimeLine(runtime)}`),
    '',
    ...image('runtimes.svg'),
    ...markdownTable(runtimeRows(documents, names), ['---', '---', ...documents.map(() => '---:')]),
    '',
  ]
}
