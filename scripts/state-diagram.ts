/**
 * Writes docs/tcp-states.md from the state table of @layerfour/tcp: the diagram of RFC 9293 figure 5 and
 * every transition with its section. `--check` only says whether the file is up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stateNames, transitions } from '@layerfour/tcp'

const path = fileURLToPath(new URL('../docs/tcp-states.md', import.meta.url))

/** A cause as a phrase: `ReceiveAckOfSyn` is "receive ACK of SYN". */
function phrase(cause: string): string {
  return cause
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\b(syn ack|syn|ack|fin)\b/g, (flag) => flag.toUpperCase().replace(' ', ','))
    .replace('reset', 'RST')
}

const id = (state: string): string => state.replaceAll('-', '_')

export function stateDiagram(): string {
  // Resets, aborts and timeouts lead from nearly everywhere to CLOSED: the table has them, the diagram would drown in them.
  const drawn = transitions.filter(
    ({ from, cause }) => !['ReceiveReset', 'Abort', 'Unreachable', 'Reuse'].includes(cause) && (cause !== 'Timeout' || from === 'TIME-WAIT'),
  )
  return [
    '# The states of a TCP connection',
    '',
    'Made by `npm run docs` from the table in [`packages/tcp/src/state-machine.ts`](../packages/tcp/src/state-machine.ts), by which',
    'the code changes states. A LISTEN row tells of the connection that a listener makes; the listener stays in LISTEN.',
    '',
    '```mermaid',
    'stateDiagram-v2',
    ...stateNames.map((state) => `  state "${state}" as ${id(state)}`),
    ...drawn.map(({ from, cause, to, sends }) => `  ${id(from)} --> ${id(to)}: ${phrase(cause)}${sends === '' ? '' : ` / ${sends}`}`),
    '```',
    '',
    '| from | when | to | sends | RFC 9293 |',
    '|---|---|---|---|---|',
    ...transitions.map(({ from, cause, to, sends, section }) => `| ${from} | ${phrase(cause)} | ${to} | ${sends} | ${section} |`),
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = stateDiagram()
  if (!process.argv.includes('--check')) writeFileSync(path, wanted)
  else if (readFileSync(path, 'utf8') !== wanted) {
    console.error('docs/tcp-states.md is not what the state table says: run npm run docs')
    process.exitCode = 1
  }
}
