import type { NetstatRow, SocketAddress } from '@layerfour/socket'
import { formatBytes, formatCount, formatDuration, formatEndpoint } from '../format.ts'
import type { HostStats } from '../host/stats.ts'
import type { Colours } from '../terminal/colours.ts'
import type { Column } from '../terminal/table.ts'
import { formatTable } from '../terminal/table.ts'

/** The table of sockets, as netstat has it, with what TCP knows beside; two lines about the host above. */
export function formatStats(stats: HostStats, colours: Colours): string[] {
  const { traffic, drops } = stats
  const dropped = Object.entries(drops).map(([reason, count]) => `${formatCount(count)} ${reason}`)
  const columns: Column[] = [
    { title: 'Proto' },
    { title: 'Recv-Q', align: 'right' },
    { title: 'Send-Q', align: 'right' },
    { title: 'Local' },
    { title: 'Remote' },
    { title: 'State', paint: (text) => (text.startsWith('ESTABLISHED') ? colours.green(text) : text) },
    { title: 'Cwnd', align: 'right' },
    { title: 'RTT', align: 'right' },
    { title: 'Timers', paint: colours.dim },
  ]
  return [
    `${colours.bold(stats.name)}  ${stats.addresses.join(', ')}  MTU ${stats.mtu}  up ${formatDuration(stats.uptime)}`,
    `in ${formatCount(traffic.packetsIn)} packets, ${formatBytes(traffic.bytesIn)}; out ${formatCount(traffic.packetsOut)} packets, `
    + `${formatBytes(traffic.bytesOut)}; dropped ${dropped.join(', ') || 'none'}`,
    '',
    ...formatTable(columns, stats.sockets.map(cells), colours.bold),
  ]
}

function cells(row: NetstatRow): string[] {
  return [
    row.protocol,
    formatCount(row.receiveQueue),
    formatCount(row.sendQueue),
    formatEnd(row.local),
    formatEnd(row.remote),
    row.state,
    row.cwnd === undefined ? '' : formatCount(row.cwnd),
    row.rtt === undefined ? '' : formatDuration(row.rtt),
    Object.entries(row.timers).map(([name, ms]) => `${name} ${formatDuration(Math.round(ms))}`).join(', '),
  ]
}

function formatEnd(end: SocketAddress | undefined): string {
  if (end === undefined) return '*'
  return formatEndpoint(end.hostname, end.port === 0 ? '*' : end.port)
}
