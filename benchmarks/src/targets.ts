import type { BenchmarkEntry } from './document.ts'

/** What one figure of a run is to be. */
export interface Target {
  readonly work: string
  /** Names of the benchmark and of its contender. */
  readonly benchmark: string
  readonly contender: string
  /** `ratio` is over the benchmark's baseline; the others are in its unit. */
  readonly figure: 'ratio' | 'median' | 'perCpuSecond'
  /** What is asked for: at least, or at most, so much. */
  readonly least?: number
  readonly most?: number
  /** Behind the figures: `×`. */
  readonly unit: string
}

/** A target and what a run got. */
export interface TargetResult {
  readonly target: Target
  readonly got: number
  readonly reached: boolean
}

function ratio(work: string, benchmark: string, contender: string, least: number): Target {
  return { work, benchmark, contender, figure: 'ratio', least, unit: '×' }
}

const tun = (direction: 'receive' | 'send', who: string): Target[] => [
  ratio(`iperf3 over TUN, ${who}: segmentation offload over none`, `tun-${direction}`, 'offload', 5),
  {
    work: `iperf3 over TUN, ${who}, by CPU time of ours`, benchmark: `tun-${direction}`, contender: 'offload', figure: 'perCpuSecond', least: 4,
    unit: 'Gbit per CPU-second',
  },
]

const bundle = (work: string, contender: string, most: number): Target => ({
  work: `bundle, minified and gzipped: ${work}`, benchmark: 'bundle-size', contender, figure: 'median', most, unit: 'KB',
})

/** Medians of one run on two cores with Node 24; a ratio is layerfour over `node:net` unless it says otherwise. */
export const targets: readonly Target[] = [
  ratio('TCP one way, MTU 1500, checksums computed and verified, JS kernels', 'tcp-one-way', 'layerfour, MTU 1500, JS kernels', 1.2),
  ratio('the same with WASM kernels', 'tcp-one-way', 'layerfour, MTU 1500, WASM kernels', 2.5),
  ratio('the same, checksum offload', 'tcp-one-way', 'layerfour, MTU 1500, checksum offload', 2.5),
  ratio('64 KiB segments, offload', 'tcp-one-way', 'layerfour, 64 KiB segments, checksum offload', 6),
  ratio('64-byte request and response, callbacks', 'tcp-request-response', 'layerfour, callbacks', 20),
  ratio('the same with promises', 'tcp-request-response', 'layerfour, promises', 10),
  ratio('callbacks beside 10,000 idle connections, over those without', 'idle-neighbours', 'layerfour, beside 10,000 idle connections', 0.9),
  ratio('open and close with FIN, one after another', 'tcp-open-close', 'layerfour', 15),
  ratio('UDP, 64-byte datagrams one way, over `node:dgram`', 'udp-one-way', 'layerfour', 15),
  {
    work: 'idle established connection', benchmark: 'idle-memory', contender: 'layerfour, 10,000 pairs', figure: 'median', most: 1024,
    unit: 'bytes',
  },
  {
    work: '100,000 pairs of idle connections in one process', benchmark: 'idle-memory-100k', contender: 'resident memory', figure: 'median',
    most: 240, unit: 'MB',
  },
  ratio('Web Streams, 64 KiB chunks, over base sockets', 'web-streams', 'layerfour, Web Streams', 0.5),
  ...tun('receive', 'the kernel sends'),
  ...tun('send', 'we send'),
  {
    work: 'allocation per segment in steady state', benchmark: 'allocation', contender: 'one way, 64 KiB writes', figure: 'median', most: 1,
    unit: 'bytes (below 1 is 0 objects)',
  },
  bundle('checksum', 'checksum', 1),
  bundle('UDP over IPv4 (`Ipv4Layer`, `UdpCore`)', 'Ipv4Layer, UdpCore', 12),
  bundle('the same with sockets (`StackCore`)', 'Ipv4Layer, StackCore, udpBase', 12),
  bundle('TCP and UDP over IPv4 (`Ipv4Layer`, `UdpCore`, `TcpCore`)', 'Ipv4Layer, UdpCore, TcpCore', 45),
  bundle('the same with sockets (`StackCore`)', 'Ipv4Layer, StackCore, udpBase, tcpBase', 45),
  bundle('all of it, IPv6 and every facade included (`Stack`)', 'Stack, udp, tcp', 45),
]

/** What `entries` say of the targets; those whose benchmark was not run are left out. */
export function targetResults(entries: readonly BenchmarkEntry[]): TargetResult[] {
  return targets.flatMap((target) => {
    const contender = entries.find(({ name }) => name === target.benchmark)?.contenders.find(({ name }) => name === target.contender)
    const figure = contender?.[target.figure]
    const got = typeof figure === 'number' ? figure : figure?.median
    if (got === undefined) return []
    const { least = -Infinity, most = Infinity } = target
    return [{ target, got, reached: got >= least && got <= most }]
  })
}

/** Rows with a header: what, asked for, got, reached. */
export function targetRows(results: readonly TargetResult[]): string[][] {
  return [
    ['target', 'asked for', 'got', ''],
    ...results.map(({ target: { work, least, most, unit }, got, reached }) => [
      work,
      `${least === undefined ? '≤' : '≥'} ${String(least ?? most)} ${unit}`,
      `${got >= 100 ? got.toFixed(0) : got.toPrecision(3)} ${unit.split(' ')[0]}`,
      reached ? 'reached' : `${missed(got, least, most)} of it`,
    ]),
  ]
}

/** How near it came. */
function missed(got: number, least: number | undefined, most: number | undefined): string {
  const share = least !== undefined ? got / least : most! / got
  return `${Math.floor(100 * share)} %`
}
