import { TcpFlags } from '@layerfour/wire'
import type { Recording, Silence } from '../transfer/recording.ts'
import { sideNames } from '../transfer/recording.ts'
import { Again } from '../transfer/segment-table.ts'

/** What the silence was waited for, told by what ended it. */
export function silenceText({ segments, states, congestion, done, until }: Recording, silence: Silence): string {
  if (done && silence.to === until) {
    const last = states.at(-1)
    return last?.from === 'TIME-WAIT' ? `${sideNames[last.side]} waits 2 MSL` : ''
  }
  // The first segment that left when it ended.
  const index = segments.transmittedAt.countUpTo(silence.to - 1e-9)
  if (index >= segments.count || segments.transmittedAt.at(index) > silence.to + 1e-9) return ''
  const row = segments.row(index)
  const who = sideNames[row.side]
  switch (row.again) {
    case Again.Timeout: return `${who}'s retransmission timer`
    case Again.Probe: return `${who}'s persist timer`
    case Again.LossProbe: return `${who}'s loss probe timer`
    // Not an ACK: that would have ended the silence itself.
    case Again.FastRetransmit:
    case Again.PartialAck: return `${who}'s reordering timer`
    case Again.No: break
  }
  // A probe may bring text that was never sent.
  const probes = congestion.some(({ time, side, event }) => event === 'loss-probe' && side === row.side && Math.abs(time - silence.to) < 1e-9)
  if (probes) return `${who}'s loss probe timer`
  if (row.length > 0 || (row.flags & (TcpFlags.SYN | TcpFlags.FIN)) !== 0) return ''
  const before = previousAcknowledgment(segments, index)
  return before === row.acknowledgment ? `${who}'s window update` : `${who}'s delayed ACK`
}

/** What the same host acknowledged last before row `index`. */
function previousAcknowledgment(segments: Recording['segments'], index: number): number | undefined {
  const side = segments.side.at(index)
  for (let i = index - 1; i >= 0; i--) if (segments.side.at(i) === side) return segments.row(i).acknowledgment
  return undefined
}
