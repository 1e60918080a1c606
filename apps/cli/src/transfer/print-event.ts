import { MAX_CONGESTION_WINDOW } from '@layerfour/flow'
import type { CongestionEvent as CongestionEventName, StateName } from '@layerfour/tcp'
import { formatCount, formatRate, formatTime } from '../format.ts'
import type { Colours } from '../terminal/colours.ts'
import type { CongestionEvent, SegmentEvent, StateEvent, TransferEvent, WindowEvent } from './events.ts'

const TIME_WIDTH = 14
const WHO_WIDTH = 15
/** `<FIN,PSH,ACK>`. */
const FLAGS_WIDTH = 13

const causes: Readonly<Record<string, string>> = {
  PassiveOpen: 'passive open',
  ActiveOpen: 'active open',
  ReceiveSyn: 'SYN received',
  ReceiveSynAck: 'SYN,ACK received',
  ReceiveAckOfSyn: 'SYN acknowledged',
  Close: 'close',
  ReceiveFin: 'FIN received',
  ReceiveAckOfFin: 'FIN acknowledged',
  ReceiveReset: 'reset received',
  Abort: 'abort',
  Timeout: 'timeout',
  Reuse: 'newer SYN',
  Unreachable: 'destination unreachable',
}

/** One line for people. */
export function formatEvent(event: TransferEvent, colours: Colours): string {
  const time = colours.dim(formatTime(event.time).padStart(TIME_WIDTH))
  return `${time}  ${formatKind(event, colours)}`
}

function formatKind(event: TransferEvent, colours: Colours): string {
  switch (event.type) {
    case 'state': return formatState(event, colours)
    case 'segment': return formatSegment(event, colours)
    case 'congestion': return formatCongestion(event, colours)
    case 'window': return formatWindow(event, colours)
  }
}

const congestionWords: Readonly<Record<CongestionEventName, string>> = {
  'fast-retransmit': 'loss found, recovery begins',
  'partial-ack': 'more is lost',
  'recovery-exit': 'recovery ends',
  timeout: 'retransmission timeout',
  ecn: 'congestion mark echoed',
  undo: 'false alarm, the window is as before',
  'loss-probe': 'tail loss probe',
  'loss-probe-repaired': 'the tail loss probe repaired a loss',
}

function formatCongestion({ host, event }: CongestionEvent, colours: Colours): string {
  return `${host.padEnd(WHO_WIDTH)}  ${colours.yellow(congestionWords[event])}`
}

function formatWindow({ host, trace }: WindowEvent, colours: Colours): string {
  const { phase, recovery, cwnd, ssthresh, inFlight, pacingRate } = trace
  const figures = [
    `cwnd ${formatCount(cwnd)}`,
    ...(ssthresh === MAX_CONGESTION_WINDOW ? [] : [`ssthresh ${formatCount(ssthresh)}`]),
    `in flight ${formatCount(inFlight)}`,
    ...(pacingRate > 0 ? [`pacing ${formatRate(8 * pacingRate)}`] : []),
    recovery === 'open' ? phase : `${phase}, ${recovery}`,
  ].join(', ')
  return `${host.padEnd(WHO_WIDTH)}  ${colours.dim(figures)}`
}

/** Whether two traces of a host differ in what `formatEvent` is about: the window and what is done with it. */
export function windowChanged(before: WindowEvent | undefined, after: WindowEvent): boolean {
  const [old, now] = [before?.trace, after.trace]
  return old?.cwnd !== now.cwnd || old.ssthresh !== now.ssthresh || old.phase !== now.phase || old.recovery !== now.recovery
}

function formatState(event: StateEvent, colours: Colours): string {
  const state = (name: StateName): string => (name === 'ESTABLISHED' ? colours.green : colours.bold)(name)
  return `${event.host.padEnd(WHO_WIDTH)}  ${state(event.from)} → ${state(event.to)}  ${colours.dim(causes[event.cause] ?? event.cause)}`
}

function formatSegment(event: SegmentEvent, colours: Colours): string {
  const way = event.from === 'client' ? 'client → server' : 'server → client'
  const flags = `<${event.flags}>`.padEnd(FLAGS_WIDTH)
  const figures = [
    `seq ${formatCount(event.sequence)}`,
    ...(event.acknowledgment === undefined ? [] : [`ack ${formatCount(event.acknowledgment)}`]),
    ...(event.length === 0 ? [] : [`${formatCount(event.length)} bytes`]),
    `win ${formatCount(event.window)}`,
    ...event.options,
  ].join(', ')
  const fate = event.dropped === undefined ? event.again ? colours.yellow('  again') : '' : colours.red(`  lost (${event.dropped})`)
  return `${colours.cyan(way)}  ${colours.cyan(flags)} ${figures}${fate}`
}
