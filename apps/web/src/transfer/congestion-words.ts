import type { CongestionMark } from './recording.ts'

interface Words {
  /** For the margin of the ladder. */
  readonly short: string
  /** For the narration: what the host does, or what has happened to it. */
  readonly long: string
}

const words: Readonly<Record<CongestionMark['event'], Words>> = {
  timeout: { short: 'timeout', long: 'the retransmission timer has run out' },
  'fast-retransmit': { short: '3 duplicate ACKs', long: 'three duplicate ACKs: it sends again what is missing' },
  'partial-ack': { short: 'partial ACK', long: 'a partial ACK: the next hole is sent again' },
  'recovery-exit': { short: 'recovered', long: 'all that was lost is acknowledged: recovery ends' },
  ecn: { short: 'congestion mark', long: 'a router has marked congestion' },
  undo: { short: 'false alarm', long: 'nothing had been lost: the window is what it was' },
  'loss-probe': { short: 'loss probe', long: 'no ACK for two round trips: a probe finds out whether the tail was lost' },
  'loss-probe-repaired': { short: 'probe repaired a loss', long: 'the probe has repaired a loss: the window is reduced' },
}

/** Where the peer has SACK, losses are found by what later segments arrived and when, not by counting (RFC 8985). */
const wordsWithSack: Partial<typeof words> = {
  'fast-retransmit': { short: 'loss found', long: 'segments sent later have arrived: what is missing is lost, and sent again' },
  'partial-ack': { short: 'more is lost', long: 'more turns out to be lost, and is sent again' },
}

/** What congestion control and loss recovery did, in words. */
export function congestionWords({ event, sack }: CongestionMark): Words {
  return (sack ? wordsWithSack[event] : undefined) ?? words[event]
}
