import { bytesInFlight } from '@layerfour/flow'
import type { CongestionTrace, Tcb } from '@layerfour/tcp'
import { Column } from './column.ts'

/** The figures of a connection that are shown over time. Bytes, bytes per second, and milliseconds. */
export const sampleNames = [
  'cwnd', 'ssthresh', 'pacingRate', 'inFlight', 'peerWindow', 'receiveQueue', 'sendQueue', 'srtt', 'minRtt', 'rto', 'mss',
  'retransmissions', 'timeouts', 'fastRetransmits', 'duplicateAcks', 'outOfOrder', 'bytesAcked', 'bytesReceived', 'segmentsIn',
  'segmentsOut',
] as const

export type SampleName = (typeof sampleNames)[number]
export type Sample = Readonly<Record<SampleName, number>>

/** One host's figures whenever one of them changed. */
export class HostSamples {
  readonly time: Column = new Column()
  readonly columns: Readonly<Record<SampleName, Column>>
  /** As congestion control told them last. */
  #window: Pick<CongestionTrace, 'cwnd' | 'ssthresh' | 'pacingRate'> | undefined

  constructor() {
    this.columns = Object.fromEntries(sampleNames.map((name) => [name, new Column()])) as Record<SampleName, Column>
  }

  /** Takes in what congestion control has come to; it shows in the next row. */
  trace({ cwnd, ssthresh, pacingRate }: CongestionTrace): void {
    this.#window = { cwnd, ssthresh, pacingRate }
  }

  /** Adds a row when something is different from the last one; at the same time it replaces that. */
  take(time: number, tcb: Tcb): void {
    const sample = sampleOf(tcb, this.#window ?? tcb.congestion)
    if (this.time.length > 0 && sampleNames.every((name) => this.columns[name].last === sample[name])) return
    if (this.time.last === time) {
      for (const name of sampleNames) this.columns[name].set(this.time.length - 1, sample[name])
      return
    }
    this.time.push(time)
    for (const name of sampleNames) this.columns[name].push(sample[name])
  }

  /** The figures at `time`; undefined before there was a connection. */
  at(time: number): Sample | undefined {
    const index = this.time.countUpTo(time) - 1
    if (index < 0) return undefined
    return Object.fromEntries(sampleNames.map((name) => [name, this.columns[name].at(index)])) as Record<SampleName, number>
  }
}

function sampleOf(tcb: Tcb, { cwnd, ssthresh, pacingRate }: Pick<CongestionTrace, 'cwnd' | 'ssthresh' | 'pacingRate'>): Sample {
  const { snd, rtt, negotiated, counters, receiveRing, sendRing } = tcb
  return {
    cwnd,
    ssthresh,
    pacingRate,
    inFlight: bytesInFlight(tcb.recovery.sent),
    peerWindow: snd.wnd,
    receiveQueue: receiveRing.length,
    sendQueue: sendRing.length,
    srtt: rtt.samples > 0 ? rtt.srtt : -1,
    minRtt: rtt.samples > 0 ? rtt.min : -1,
    rto: rtt.rto,
    mss: negotiated.mss,
    retransmissions: counters.retransmissions,
    timeouts: counters.timeouts,
    fastRetransmits: counters.fastRetransmits,
    duplicateAcks: counters.duplicateAcks,
    outOfOrder: counters.outOfOrder,
    bytesAcked: counters.bytesAcked,
    bytesReceived: counters.bytesReceived,
    segmentsIn: counters.segmentsIn,
    segmentsOut: counters.segmentsOut,
  }
}
