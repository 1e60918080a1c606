import type { StateName } from '@layerfour/tcp'
import { formatCount, formatTime } from '../format.ts'
import type { Colours } from '../terminal/colours.ts'
import type { SegmentEvent, StateEvent, TransferEvent } from './events.ts'

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
  return `${time}  ${event.type === 'state' ? formatState(event, colours) : formatSegment(event, colours)}`
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
