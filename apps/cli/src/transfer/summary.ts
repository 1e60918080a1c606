import type { ConnectionInfo } from '@layerfour/tcp'
import type { LinkStats } from '@layerfour/sim'
import type { CaptureSummary } from './capture.ts'
import type { TransferEvent } from './events.ts'
import type { TransferResult } from './run-transfer.ts'
import type { TransferSettings } from './settings.ts'

/** What a transfer came to: the object that `--json` prints. Times in ms, sizes in bytes, rates in bit/s. */
export interface TransferSummary {
  readonly file: { readonly name: string }
  /** `rate` is null for an unlimited link. */
  readonly settings: Omit<TransferSettings, 'link'> & { readonly link: Omit<TransferSettings['link'], 'rate'> & { readonly rate: number | null } }
  readonly bytes: { readonly sent: number, readonly received: number }
  readonly sha256: { readonly sent: string, readonly received: string, readonly equal: boolean }
  readonly errors: { readonly client: string | null, readonly server: string | null }
  /** After the first SYN, in virtual time. */
  readonly times: { readonly received: number | null, readonly ended: number }
  /** Bits of the file per second, from the first SYN to the moment when the server read the end. */
  readonly goodput: number | null
  /** Goodput as a share of the link's rate, 0 to 1. */
  readonly utilisation: number | null
  readonly connection: { readonly client: ConnectionSummary | null, readonly server: ConnectionSummary | null }
  readonly link: { readonly clientToServer: Readonly<LinkStats>, readonly serverToClient: Readonly<LinkStats> }
  /** Packets that the stacks dropped, by reason. */
  readonly drops: { readonly client: Readonly<Record<string, number>>, readonly server: Readonly<Record<string, number>> }
  readonly capture: CaptureSummary | null
  readonly events: readonly TransferEvent[]
}

type ConnectionSummary = Pick<
  ConnectionInfo,
  | 'state' | 'congestionControl' | 'mss' | 'rtt' | 'minRtt' | 'rttVariation' | 'rto' | 'maxCwnd' | 'ssthresh' | 'segmentsIn' | 'segmentsOut'
  | 'retransmissions' | 'fastRetransmits' | 'timeouts' | 'duplicateAcks' | 'outOfOrder' | 'timestamps' | 'sack'
>

export function summarise(
  name: string, settings: TransferSettings, result: TransferResult, capture: CaptureSummary | undefined, events: readonly TransferEvent[],
): TransferSummary {
  const { client, server, times } = result
  const { rate } = settings.link
  const goodput = times.received === undefined || times.received === 0 ? null : (server.bytes * 8000) / times.received
  return {
    file: { name },
    settings: { ...settings, link: { ...settings.link, rate: rate === Infinity ? null : rate } },
    bytes: { sent: client.bytes, received: server.bytes },
    sha256: { sent: client.sha256, received: server.sha256, equal: client.sha256 === server.sha256 },
    errors: { client: client.error ?? null, server: server.error ?? null },
    times: { received: times.received ?? null, ended: times.ended },
    goodput,
    utilisation: goodput === null || rate === Infinity ? null : goodput / rate,
    connection: { client: connectionSummary(client.connection), server: connectionSummary(server.connection) },
    link: result.link,
    drops: { client: client.drops, server: server.drops },
    capture: capture ?? null,
    events,
  }
}

function connectionSummary(info: ConnectionInfo | undefined): ConnectionSummary | null {
  if (info === undefined) return null
  const {
    state, congestionControl, mss, rtt, minRtt, rttVariation, rto, maxCwnd, ssthresh, segmentsIn, segmentsOut,
    retransmissions, fastRetransmits, timeouts, duplicateAcks, outOfOrder, timestamps, sack,
  } = info
  return {
    state, congestionControl, mss, rtt, minRtt, rttVariation, rto, maxCwnd, ssthresh, segmentsIn, segmentsOut,
    retransmissions, fastRetransmits, timeouts, duplicateAcks, outOfOrder, timestamps, sack,
  }
}
