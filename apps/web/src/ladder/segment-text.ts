import { TcpFlags } from '@layerfour/wire'
import type { SegmentRow } from '../transfer/segment-table.ts'
import { Ack, Again, Fate } from '../transfer/segment-table.ts'
import { formatBytes, formatCount, formatSpan, formatTime } from '../format.ts'
import { sideNames } from '../transfer/recording.ts'

const flagNames = Object.entries(TcpFlags) as [keyof typeof TcpFlags, number][]

/** `SYN,ACK`, in the order of the header's bits from the lowest. */
export function flagsText(flags: number): string {
  return flagNames.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name).join(',')
}

/** Words for why something was sent again. */
export const againText: Readonly<Record<Again, string>> = {
  [Again.No]: '',
  [Again.FastRetransmit]: 'fast retransmit',
  [Again.PartialAck]: 'retransmit of a further loss',
  [Again.Timeout]: 'retransmit after timeout',
  [Again.Probe]: 'window probe',
  [Again.LossProbe]: 'tail loss probe',
}

/** One that opens, ends or breaks a connection, or repeats: worth a label before others. */
export function isSpecial(flags: number, again: number): boolean {
  return again !== Again.No || (flags & (TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST)) !== 0
}

const LARGE_WINDOW = 65_535

/** What stands at a segment's arrow, from the longest to the shortest; the first that has room is taken. */
export function labelVariants({ flags, sequence, acknowledgment, length, window, again, ack, options }: SegmentRow): string[] {
  const special = flagsText(flags & (TcpFlags.FIN | TcpFlags.SYN | TcpFlags.RST))
  const seq = length > 0 || special !== '' ? `seq=${sequence}` : ''
  const len = length > 0 ? `len=${length}` : ''
  const acknowledges = acknowledgment === undefined ? '' : `${ack === Ack.Duplicate ? 'dup ' : ''}ACK=${acknowledgment}`
  // A window this large holds nobody back.
  const win = window > LARGE_WINDOW ? '' : `win=${window}`
  // Text goes one way: that it acknowledges the same as before is not worth the room.
  const aside = length > 0 && ack === Ack.Same && special === '' ? '' : acknowledges
  const probe = again === Again.Probe ? 'probe' : ''
  const sack = options.sack?.map(([left, right]) => `${left}–${right}`).join(' ')
  const join = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join(' ')
  const variants = [
    options.mss === undefined ? '' : join(special, seq, aside, `win=${window}`, `mss=${options.mss}`),
    sack === undefined ? '' : join(aside, `SACK ${sack}`),
    length > 0 && window > 0 ? '' : join(special, seq, len, aside, win),
    join(probe, special, seq, len, aside),
    join(probe, special, seq, len),
    join(special, seq) || acknowledges,
    special,
  ]
  return variants.filter(Boolean)
}

/** What there is to know of a segment, as terms and their values. */
export function segmentDetails(
  row: SegmentRow, acknowledgedBy: SegmentRow | undefined, original: SegmentRow | undefined,
): [term: string, value: string][] {
  const { side, flags, sequence, acknowledgment, length, window, options } = row
  const taken = length + ((flags & TcpFlags.SYN) !== 0 ? 1 : 0) + ((flags & TcpFlags.FIN) !== 0 ? 1 : 0)
  const details: [string, string][] = [
    ['Flags', flagsText(flags)],
    ['Sequence', taken > 1 ? `${formatCount(sequence)} to ${formatCount(sequence + taken - 1)}` : formatCount(sequence)],
  ]
  if (acknowledgment !== undefined) details.push(['Acknowledges', `all before ${formatCount(acknowledgment)}`])
  details.push(['Text', length === 0 ? 'none' : `${formatCount(length)} bytes`])
  details.push(['Window', window === 0 ? 'closed' : `${formatBytes(window)} bytes`.replace('iB bytes', 'iB')])
  const listed = optionsText(options)
  if (listed !== '') details.push(['Options', listed])
  details.push(['On the wire', `seq ${row.wireSequence}${acknowledgment === undefined ? '' : `, ack ${row.wireAcknowledgment}`}`])
  details.push([`Leaves ${sideNames[side]}`, whenText(row)])
  details.push([`${sideNames[1 - side]}`, fateText(row)])
  if (row.again !== Again.No) {
    details.push(['Why again', againText[row.again] + (original === undefined ? '' : ` of #${original.index + 1}`)])
  }
  if (acknowledgedBy !== undefined) {
    const after = formatSpan(acknowledgedBy.endedAt - row.transmittedAt)
    details.push(['Acknowledged', `by #${acknowledgedBy.index + 1}, ${after} after it was sent`])
  }
  return details
}

function optionsText({ mss, windowScale, sackPermitted, timestamps, sack }: SegmentRow['options']): string {
  return [
    mss === undefined ? '' : `MSS ${mss}`,
    windowScale === undefined ? '' : `window scale ${windowScale}`,
    sackPermitted === true ? 'SACK permitted' : '',
    timestamps === undefined ? '' : `timestamps ${timestamps[0]} / ${timestamps[1]}`,
    sack === undefined ? '' : `SACK ${sack.map(([left, right]) => `${formatCount(left)}–${formatCount(right)}`).join(', ')}`,
  ].filter(Boolean).join(', ')
}

function whenText({ transmittedAt, startedAt }: SegmentRow): string {
  const waited = startedAt - transmittedAt
  return waited < 0.0005 ? formatTime(transmittedAt) : `${formatTime(startedAt)}, after ${formatSpan(waited)} in the queue`
}

function fateText({ fate, endedAt, startedAt, copyAt, reordered }: SegmentRow): string {
  switch (fate) {
    case Fate.Delivered:
      return `arrives ${formatTime(endedAt)}, ${formatSpan(endedAt - startedAt)} later`
        + (reordered ? ', overtaken by later ones' : '')
        + (Number.isNaN(copyAt) ? '' : `, and once more ${formatTime(copyAt)}`)
    case Fate.Lost: return 'never: lost on the way'
    case Fate.QueueFull: return 'never: the queue was full'
    case Fate.Pending: return 'still on its way'
  }
}
