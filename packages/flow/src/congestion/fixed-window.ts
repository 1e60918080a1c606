import { type AckFacts, type CongestionControl, type CongestionState, MAX_CONGESTION_WINDOW } from './congestion-control.ts'

/**
 * No congestion control: a window of so many segments, whatever happens. For links of one's own, and to see what the other
 * algorithms are for. Throws RangeError unless `segments` is an integer from 1 on.
 */
export function fixedWindow(segments: number): CongestionControl {
  if (!Number.isInteger(segments) || segments < 1) {
    throw new RangeError(`a fixed window must be a whole number of segments, at least 1, got ${segments}`)
  }
  const size = (mss: number): number => Math.min(segments * mss, MAX_CONGESTION_WINDOW)
  return {
    name: 'fixed',
    recovery: 'own',
    create(mss: number): CongestionState {
      if (!(mss >= 1)) throw new RangeError(`the MSS must be at least 1 byte, got ${mss}`)
      return { cwnd: size(mss), ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0 }
    },
    // The MSS follows the path.
    onAck(state: CongestionState, facts: AckFacts): void {
      state.cwnd = size(facts.mss)
    },
    onLoss(): void {},
    onTimeout(): void {},
    onIdle(): void {},
  }
}
