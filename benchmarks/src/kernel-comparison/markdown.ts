import { markdownTable } from '../markdown-table.ts'
import type { KernelComparisonDocument } from './document.ts'
import { columns, rows } from './report.ts'

const method = `## Method

\`npm run bench:kernel\` (Linux, root, TUN) makes this page with \`-- --write\`.

\`\`\`text
sender namespace                              emulator               receiver namespace
kernel's TCP ───────────────────┐
our stack ── TUN ── forwarding ─┴── TUN ── EmulatedLink ── TUN ──── kernel's TCP
\`\`\`

- Both senders send to the same receiver, a socket of the kernel's, through the same interface and the same \`EmulatedLink\` of
  \`@layerfour/sim\`. Our stack is a host behind a TUN interface of its own; the kernel forwards its packets, so it has one hop more.
- The emulated path is a process of its own with the highest priority, which looks at the clock every tenth of a millisecond; each packet
  leaves the link at the time that the link says. "Late" is the 99th percentile of how much later that really was, and "at most" the worst
  packet. A turn in which one was later than 20 ms is taken again, twice at most.
- The buffer is a tail-drop queue in front of the bottleneck, counted in packets. Random loss and reordering meet the sender's packets only.
  The n-th packet of a connection meets the same fate for both senders; every round has a seed of its own.
- Turns alternate: kernel, layerfour, kernel, layerfour. Rate is what the receiver's program got, in order and compared byte by byte,
  from the end of the handshake on. Rates are medians of the rounds; "× kernel" is the median of the rounds' ratios.
- "Of the link" compares with full segments of 1,448 bytes, one after another. "Sent again" is the sender's own count.
- The kernel sends with CUBIC, its own defaults otherwise, no saved metrics (\`tcp_no_metrics_save\`), and single packets on its TUN interface.
`

/** The page of docs/. */
export function markdown({ runtime, kernel, date, duration, comparisons }: KernelComparisonDocument): string {
  const sections = comparisons.map((comparison) => [
    `### ${comparison.scenario.name}`,
    '',
    `${comparison.scenario.title}.`,
    '',
    ...markdownTable([['sender', ...columns], ...rows(comparison)]),
    '',
  ].join('\n'))
  const rounds = comparisons[0]?.rounds.length ?? 0
  return [
    "# Our sender and the Linux kernel's",
    '',
    `Over the same emulated paths, in real time: ${rounds} rounds of ${duration / 1000} s. Linux ${kernel}, ${runtime.name} ${runtime.version},`,
    `${runtime.cpus} × ${runtime.cpu}, ${date.slice(0, 10)}.`,
    '',
    ...sections,
    method,
  ].join('\n')
}
