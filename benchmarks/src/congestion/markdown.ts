import { markdownTable } from '../markdown-table.ts'
import type { Finding } from './document.ts'

const introduction = `# Congestion control in figures

What the algorithms of \`@layerfour/flow\` do in the TCP of \`@layerfour/tcp\`: real stacks over emulated links in virtual time. The same code and seeds give the
same figures and the same bytes of this page, whatever machine they run on. \`npm run bench:congestion\` prints them and says PASS or FAIL;
\`npm run bench:congestion -- --write\` makes this page anew.

Senders and receiver are hosts of their own (\`Stack\` with \`tcp()\`), with all defaults unless a section says otherwise: SACK, timestamps, window scaling,
delayed ACKs of 40 ms, buffers that tune themselves, segments of 1,448 bytes of text in packets of 1,500. The bottleneck is an \`EmulatedLink\` of
\`@layerfour/sim\` with a rate, a tail-drop queue counted in bytes, and a delay; ACKs meet neither queue nor loss.
`

/** The page of docs/; the plots lie in the directory `plots` beside it. */
export function markdown(findings: readonly Finding[], plots: string): string {
  const checks = findings.flatMap(({ outcome }) => outcome.checks)
  const sections = findings.map(({ experiment: { title, method }, outcome }) => [
    `## ${title}`,
    '',
    method,
    '',
    ...outcome.plots.flatMap((plot) => [`![${plot.title}](${plots}/${plot.file})`, '']),
    ...outcome.tables.flatMap((table) => [`### ${table.title}`, '', ...markdownTable(table.rows), '']),
    ...(outcome.checks.length === 0 ? [] : [
      ...markdownTable([['what must hold', '', 'measured'], ...outcome.checks.map(({ name, passed, figures }) =>
        [name, passed ? 'PASS' : 'FAIL', figures])], ['---', '---', '---']),
      '',
    ]),
  ].join('\n'))
  const failed = checks.filter(({ passed }) => !passed).length
  return [
    introduction,
    failed === 0 ? `All ${checks.length} checks pass.` : `${failed} of ${checks.length} checks fail.`,
    '',
    ...sections,
  ].join('\n')
}
