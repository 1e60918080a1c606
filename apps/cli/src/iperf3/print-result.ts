import { formatBytes, formatCount, formatDuration, formatEndpoint, formatPercent, formatRate } from '../format.ts'
import type { Colours } from '../terminal/colours.ts'
import type { Column } from '../terminal/table.ts'
import { formatTable } from '../terminal/table.ts'
import type { ClientResult } from './client.ts'
import type { Interval } from './interval-meter.ts'
import type { TestParameters } from './parameters.ts'
import { amountOf, sumUp } from './summary.ts'

const LABEL_WIDTH = 10

const directions = { forward: 'client → server', reverse: 'server → client', both: 'both ways at once' } as const

/** What is about to happen, in a line. */
export function formatTest(hostname: string, port: number, parameters: TestParameters, colours: Colours): string {
  const { direction, parallel, bytes, time, omit } = parameters
  const parts = [
    colours.bold(formatEndpoint(hostname, port)),
    directions[direction],
    `${parallel} stream${parallel === 1 ? '' : 's'}${direction === 'both' ? ' each way' : ''}`,
    bytes > 0 ? formatBytes(bytes) : formatDuration(time * 1000),
    ...(omit > 0 ? [`after ${formatDuration(omit * 1000)} that do not count`] : []),
  ]
  return `${'iperf3'.padEnd(LABEL_WIDTH)}  ${parts.join(', ')}`
}

/** A second of a test, in a line. */
export function formatInterval({ from, to, sent, received }: Interval): string {
  const amount = (verb: string, bytes: number): string[] =>
    (bytes === 0 ? [] : [`${verb} ${formatBytes(bytes)}, ${formatRate((bytes * 8000) / (to - from))}`])
  const amounts = [...amount('sent', sent), ...amount('received', received)]
  return `${`${(to / 1000).toFixed(2)} s`.padStart(LABEL_WIDTH)}  ${amounts.join('; ') || 'nothing moved'}`
}

/** A table of the streams, and a line for all of a direction when it has several. */
export function formatResult(result: ClientResult, colours: Colours): string[] {
  const { congestion, cpu, streams } = result
  const columns: Column[] = [
    { title: 'Stream', align: 'right' },
    { title: 'Direction' },
    { title: 'Sent', align: 'right' },
    { title: 'Received', align: 'right' },
    { title: 'Time', align: 'right' },
    { title: 'Rate', align: 'right', paint: colours.green },
    { title: 'Retransmitted', align: 'right' },
    { title: 'RTT', align: 'right' },
    { title: 'Largest cwnd', align: 'right' },
  ]
  const rows = streams.map(({ sentBy, sent, received, rtt, maxCwnd }) => [
    formatCount(sent.id),
    sentBy === 'client' ? directions.forward : directions.reverse,
    formatBytes(sent.bytes),
    formatBytes(received.bytes),
    formatDuration(received.time * 1000),
    formatRate(amountOf([received]).rate),
    sent.retransmissions === undefined ? '' : formatCount(sent.retransmissions),
    rtt < 0 ? '' : formatDuration(rtt),
    sentBy === 'client' ? formatBytes(maxCwnd) : '',
  ])
  const sums = sumUp(result).filter(({ sentBy }) => streams.filter((stream) => stream.sentBy === sentBy).length > 1)
    .map(({ sentBy, sent, received, retransmissions }) => [
      'sum',
      sentBy === 'client' ? directions.forward : directions.reverse,
      formatBytes(sent.bytes),
      formatBytes(received.bytes),
      formatDuration(received.time * 1000),
      formatRate(received.rate),
      formatCount(retransmissions),
      '',
      '',
    ])
  const line = (label: string, text: string): string => `${label.padEnd(LABEL_WIDTH)}  ${text}`
  return [
    ...formatTable(columns, [...rows, ...sums], colours.bold),
    '',
    line('congestion', `client ${congestion.client ?? 'unknown'}, server ${congestion.server ?? 'unknown'}`),
    line('CPU', `client ${formatPercent(cpu.client.total / 100)}, server ${formatPercent(cpu.server.total / 100)}`),
  ]
}
