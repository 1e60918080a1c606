import { table } from '../report.ts'
import type { Comparison, SenderSummary } from './comparison.ts'
import { ratios, senderNames, summarizeSender } from './comparison.ts'

/** What the figures are called, in tables for the terminal and for the docs. */
export const columns: readonly string[] = [
  'Mbit/s', 'from–to', 'of the link', '× kernel', 'sent again', 'lost', 'queue full', 'late', 'at most',
]

/** Both senders' cells in the order of `columns`, after the sender's name. */
export function rows(comparison: Comparison): readonly (readonly string[])[] {
  return senderNames.flatMap((name) => {
    const summary = summarizeSender(comparison, name)
    return summary === undefined ? [] : [[`${name}, ${summary.congestionControl}`, ...cells(summary, comparison)]]
  })
}

function cells(summary: SenderSummary, comparison: Comparison): string[] {
  const ratio = summary.sender === 'kernel' ? undefined : ratios(comparison)
  return [
    summary.goodput.median.toFixed(2),
    `${summary.least.toFixed(2)}–${summary.most.toFixed(2)}`,
    `${(summary.utilisation * 100).toFixed(1)} %`,
    ratio === undefined ? '' : ratio.median.toFixed(3),
    String(Math.round(summary.retransmissions)),
    String(Math.round(summary.lost)),
    String(Math.round(summary.queueDrops)),
    `${summary.latenessP99.toFixed(2)} ms`,
    `${summary.latenessMax.toFixed(1)} ms`,
  ]
}

/** One scenario, side by side. */
export function comparisonReport(comparison: Comparison): string {
  const { scenario, rounds } = comparison
  const stray = rounds.flatMap(({ runs }) => Object.values(runs)).reduce((sum, run) => sum + run.strayDrops, 0)
  return [
    `${scenario.name}: ${scenario.title}`,
    table([['', ...columns], ...rows(comparison)]),
    ...(stray === 0 ? [] : [`  ${stray} packets were dropped outside of the emulated path: these figures do not count`]),
  ].join('\n')
}
