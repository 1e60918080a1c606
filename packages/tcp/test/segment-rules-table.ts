import type { DropReason } from '@layerfour/wire'
import { dropReasonNames, Errno, TcpFlags } from '@layerfour/wire'
import { Bench } from './segment-rules-bench.ts'
import type { Sent } from './segment-rules-bench.ts'
import type { Scene, SceneOptions } from './segment-rules-scenes.ts'
import { segmentArrives } from './segment-rules.ts'
import type { Arriving, Outcome, Situation } from './segment-rules.ts'

/** Fewer than the challenge ACKs of a second, so that their limit stays out of the tables. */
const CELLS_A_CONNECTION = 500

/** EPIPE is for a user who has gone. */
const errorNames = new Map<number, Outcome['error']>([
  [0, ''], [Errno.EPIPE, ''], [Errno.ECONNREFUSED, 'ECONNREFUSED'], [Errno.ECONNRESET, 'ECONNRESET'],
])

/** What really happened, in the terms of the rules. */
function observe(bench: Bench, reason: DropReason, sent: Sent[]): Outcome {
  const { state } = bench
  const tcb = bench.tcp.timeWaiting > 0 || state === 'CLOSED' || state === 'LISTEN' ? undefined : bench.connection?.tcb
  const error = state === 'CLOSED' && bench.connection !== undefined ? bench.connection.takeError() : 0
  return {
    replies: sent.map(({ flags, sequence, acknowledgment }) => ({ flags, sequence, acknowledgment })),
    state,
    reason: dropReasonNames[reason]!,
    una: tcb?.snd.una ?? NaN,
    wnd: tcb?.snd.wnd ?? NaN,
    rcvNxt: tcb?.rcv.nxt ?? NaN,
    error: errorNames.get(error) ?? (`errno ${error}` as ''),
    newIss: false,
  }
}

/** Where they differ, or nothing. */
function compare(wanted: Outcome, got: Outcome, here: Situation): boolean {
  if (wanted.newIss) {
    const [reply] = got.replies
    if (reply === undefined || ((reply.sequence - here.nxt) | 0) <= 0) return false
    wanted.una = reply.sequence
    wanted.replies[0]!.sequence = reply.sequence
  }
  const noBlock = Number.isNaN(got.una)
  const synchronized = wanted.state !== 'SYN-SENT'
  return (
    wanted.state === got.state && wanted.reason === got.reason && wanted.error === got.error
    && wanted.replies.length === got.replies.length
    && wanted.replies.every((reply, index) => {
      const other = got.replies[index]!
      return reply.flags === other.flags && reply.sequence === other.sequence && reply.acknowledgment === other.acknowledgment
    })
    && (noBlock || (wanted.una === got.una && wanted.wnd === got.wnd && (!synchronized || wanted.rcvNxt === got.rcvNxt)))
  )
}

const letters: [string, number][] = Object.entries(TcpFlags)

function show(here: Situation, outcome: Outcome): string {
  const flags = (bits: number): string => letters.filter(([, bit]) => bits & bit).map(([name]) => name).join(',') || 'none'
  const replies = outcome.replies.map((reply) => {
    return `<SEQ=${(reply.sequence - here.iss) | 0}><ACK=${(reply.acknowledgment - here.irs) | 0}><CTL=${flags(reply.flags)}>`
  })
  return [
    outcome.state, outcome.reason, replies.join(' + ') || 'silence', outcome.error,
    `una ${(outcome.una - here.iss) | 0} wnd ${outcome.wnd} rcv.nxt ${(outcome.rcvNxt - here.irs) | 0}`,
  ].join(' ')
}

function showSegment(here: Situation, segment: Arriving): string {
  const flags = letters.filter(([, bit]) => segment.flags & bit).map(([name]) => name).join(',') || 'none'
  const from = (segment.sequence - here.rcvNxt) | 0
  const stamp = segment.timestamp === undefined ? '' : ` TSval=${segment.timestamp}`
  return `SEQ=RCV.NXT${from < 0 ? from : `+${from}`} ACK=ISS+${(segment.acknowledgment - here.iss) | 0} CTL=${flags} text=${segment.text}${stamp}`
}

export interface TableResult {
  cells: number
  /** One line for each cell that differs. */
  faults: string[]
}

/**
 * Lets every segment of `cells` arrive in a connection fresh from the conversation of `scene`, and compares what happens
 * with the rules. A connection that the rules leave untouched serves for the next cell too: if it was not, that one fails.
 */
export function runTable(scene: Scene, options: SceneOptions, cells: (here: Situation) => Iterable<Arriving>): TableResult {
  const bench = new Bench({ timestamps: options.timestamps !== undefined })
  const result: TableResult = { cells: 0, faults: [] }
  let here: Situation | undefined
  let used = 0
  const first = scene.build(bench, options)
  bench.clear()
  for (const segment of cells(first)) {
    if (here === undefined) {
      here = scene.build(bench, options)
      used = 0
    }
    result.cells++
    used++
    const wanted = segmentArrives(here, segment)
    const reason = bench.arrive(segment)
    const got = observe(bench, reason, bench.poll())
    const right = compare(wanted, got, here)
    if (!right) result.faults.push(`${showSegment(here, segment)}: expected ${show(here, wanted)}, got ${show(here, got)}`)
    const untouched = wanted.reason !== 'None' && wanted.state === here.state && wanted.una === here.una
      && wanted.wnd === here.wnd && wanted.rcvNxt === here.rcvNxt
    if (!right || !untouched || used === CELLS_A_CONNECTION) {
      bench.clear()
      here = undefined
    }
  }
  return result
}
