/**
 * Limits a rate: tokens come in evenly, at most `burst` are saved up, and each event takes one or so. The way RFC 1812
 * §4.3.2.8 and RFC 4443 §2.4 (f) want ICMP errors limited: short bursts pass (a traceroute), floods do not.
 */
export class TokenBucket {
  readonly perSecond: number
  readonly burst: number
  /** Tokens saved up, and when they were reckoned (ms): typed, so that storing a fraction allocates nothing. */
  private readonly state: Float64Array

  /** @param perSecond tokens that come in a second. @param burst the most that are saved up; it starts full. */
  constructor(perSecond: number, burst: number) {
    this.perSecond = perSecond
    this.burst = burst
    this.state = Float64Array.of(burst, 0)
  }

  /** Takes `cost` tokens, which may leave a debt; false when there is not even one. */
  take(now: number, cost = 1): boolean {
    const state = this.state
    const elapsed = now - state[1]!
    if (elapsed > 0) {
      state[0] = Math.min(this.burst, state[0]! + elapsed * this.perSecond / 1000)
      state[1] = now
    }
    if (state[0]! < 1) return false
    state[0]! -= cost
    return true
  }
}
