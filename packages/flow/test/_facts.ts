import { type AckFacts, createAckFacts } from '../src/index.ts'

export const MSS = 1000

/** Facts in which only what matters to a test is filled in. */
export function facts(some: Partial<AckFacts>): AckFacts {
  return Object.assign(createAckFacts(), { mss: MSS }, some)
}

/** An ACK of new data on a path with a full window. */
export function acked(bytes: number, some: Partial<AckFacts> = {}): AckFacts {
  return facts({ newlyAcked: bytes, newlyDelivered: bytes, inFlight: 20_000, ...some })
}

/** The first timeout of what is in flight. */
export function timedOut(inFlight: number, some: Partial<AckFacts> = {}): AckFacts {
  return facts({ inFlight, timeouts: 1, lost: inFlight, ...some })
}
