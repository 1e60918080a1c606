import type { LinkStats } from '@layerfour/sim'
import { formatBytes, formatCount, formatDuration, formatEndpoint, formatHost, formatPercent, formatRate } from '../format.ts'
import type { Colours } from '../terminal/colours.ts'
import type { TransferSettings } from './settings.ts'
import { hostAddresses, SERVER_PORT } from './settings.ts'
import type { TransferSummary } from './summary.ts'

const LABEL_WIDTH = 16

/** What is about to happen, in two lines. */
export function formatIntroduction(name: string, size: number | undefined, settings: TransferSettings, colours: Colours): string[] {
  const { link, mtu, seed, ipv6 } = settings
  const { client, server } = hostAddresses(ipv6)
  const ends = `from ${formatHost(client.hostname)} to ${formatEndpoint(server.hostname, SERVER_PORT)}`
  const queue = link.queue.bytes === undefined ? `${formatCount(link.queue.packets ?? 0)} packets` : formatBytes(link.queue.bytes)
  const impairments = (['loss', 'reorder', 'duplicate', 'corrupt'] as const)
    .filter((name) => link[name] > 0)
    .map((name) => `${name} ${formatPercent(link[name])}`)
  const delay = `${formatDuration(link.delay)}${link.jitter > 0 ? ` + up to ${formatDuration(link.jitter)}` : ''} each way`
  return [
    line('transfer', `${colours.bold(name)}${size === undefined ? '' : `, ${formatBytes(size)}`}, ${ends}`),
    line('link', [formatRate(link.rate), delay, ...impairments, `queue ${queue}`, `MTU ${mtu}`, `seed ${seed}`].join(', ')),
  ]
}

/** What came of it. */
export function formatSummary(summary: TransferSummary, colours: Colours): string[] {
  const { bytes, sha256, goodput, utilisation, times, settings, capture } = summary
  const client = summary.connection.client
  const failures = Object.entries(summary.errors).filter(([, code]) => code !== null).map(([host, code]) => `${host}: ${code}`)
  const digests = sha256.equal
    ? [line('SHA-256', `${sha256.sent} ${colours.green('equal on both sides')}`)]
    : [
        line('SHA-256 sent', sha256.sent),
        line('SHA-256 received', `${sha256.received} ${colours.red('different')}`),
      ]
  return [
    ...(failures.length === 0 ? [] : [line('failed', colours.red(failures.join(', ')))]),
    line('bytes', `${formatCount(bytes.sent)} sent, ${formatCount(bytes.received)} received`),
    ...digests,
    ...(goodput === null || times.received === null ? [] : [
      line('goodput', `${formatRate(goodput)} in ${formatDuration(times.received)}`
        + (utilisation === null ? '' : `, ${formatPercent(utilisation)} of the link's ${formatRate(settings.link.rate ?? Infinity)}`)),
    ]),
    ...(client === null ? [] : [
      line('retransmissions', `${formatCount(client.retransmissions)} of ${formatCount(client.segmentsOut)} segments`
        + ` (${count(client.fastRetransmits, 'fast retransmit')}, ${count(client.timeouts, 'timeout')})`),
      ...(client.rtt < 0 ? [] : [
        line('RTT', `${formatDuration(client.rtt)} smoothed, ${formatDuration(client.minRtt)} least, RTO ${formatDuration(client.rto)}`),
      ]),
      line('congestion', `${settings.congestion}${settings.pacing ? ', paced' : ''}: largest cwnd ${formatCount(client.maxCwnd)} bytes, `
        + `${formatCount(Math.floor(client.maxCwnd / client.mss))} segments of ${formatCount(client.mss)}`),
    ]),
    line('link drops', `client → server ${formatLink(summary.link.clientToServer)}; server → client ${formatLink(summary.link.serverToClient)}`),
    line('host drops', `client ${formatDrops(summary.drops.client)}; server ${formatDrops(summary.drops.server)}`),
    ...explanations(summary.drops).map((text) => line('', text)),
    ...(capture === null ? [] : [
      line('capture', `${capture.file}, ${formatCount(capture.packets)} packets, ${formatBytes(capture.bytes)}`),
      line('SHA-256', `${capture.sha256} of the capture`),
    ]),
  ]
}

function line(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}  ${text}`
}

function count(figure: number, what: string): string {
  return `${formatCount(figure)} ${what}${figure === 1 ? '' : 's'}`
}

function formatLink(stats: Readonly<LinkStats>): string {
  const parts = [
    `${formatCount(stats.lost)} lost`,
    `${formatCount(stats.queueDrops)} by the queue`,
    `${formatCount(stats.reordered)} reordered`,
    ...(stats.duplicated > 0 ? [`${formatCount(stats.duplicated)} duplicated`] : []),
    ...(stats.corrupted > 0 ? [`${formatCount(stats.corrupted)} corrupted`] : []),
  ]
  return `${parts.join(', ')} of ${formatCount(stats.sent)}`
}

function formatDrops(drops: Readonly<Record<string, number>>): string {
  const parts = Object.entries(drops).map(([reason, count]) => `${formatCount(count)} ${reason}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}

/** Drops that look like faults and are none, in words. */
function explanations({ client, server }: TransferSummary['drops']): string[] {
  // RFC 7323 §5: whatever a newer segment overtook has an older timestamp than the last one seen.
  const overtaken = 'PawsRejected: late ACKs or data that newer segments overtook on the way; their timestamps are old'
  return 'PawsRejected' in client || 'PawsRejected' in server ? [overtaken] : []
}
