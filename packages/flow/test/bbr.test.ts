import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AckFacts, bbr, type BbrState, createAckFacts, MAX_CONGESTION_WINDOW } from '../src/index.ts'

const MSS = 1000
/** 1 MB/s over 100 ms: 100,000 bytes in the pipe. */
const BW = 1_000_000
const RTT = 100
const BDP = 100_000

/** Drives a state by one ACK per round trip unless told otherwise. */
class Path {
  readonly state: BbrState = bbr.create(MSS)
  readonly facts: AckFacts = Object.assign(createAckFacts(), { mss: MSS, srtt: RTT, rtt: RTT })

  /** A round trip at `rate` passes. */
  round(rate = BW, some: Partial<AckFacts> = {}): BbrState {
    const { facts } = this
    const bytes = Math.round(rate * RTT / 1000)
    Object.assign(facts, {
      now: facts.now + RTT, newlyAcked: bytes, newlyDelivered: bytes, priorDelivered: facts.delivered,
      delivered: facts.delivered + bytes, deliveryRate: rate, rateAppLimited: false, inFlight: bytes, priorInFlight: bytes,
      sentInFlight: bytes, lostSinceSent: 0, lost: 0, rtt: RTT, ...some,
    })
    bbr.onAck(this.state, facts)
    return this.state
  }

  /** An ACK within a round trip. */
  ack(some: Partial<AckFacts> = {}): BbrState {
    const { facts } = this
    Object.assign(facts, {
      now: facts.now + 1, newlyAcked: MSS, newlyDelivered: MSS, priorDelivered: Math.max(0, facts.delivered - BDP),
      delivered: facts.delivered + MSS, inFlight: BDP, priorInFlight: BDP, lost: 0, ...some,
    })
    bbr.onAck(this.state, facts)
    return this.state
  }

  /** `bytes` are lost of what was sent with `sentInFlight` bytes in flight, `since` lost since then. */
  lose(sentInFlight: number, since: number, some: Partial<AckFacts> = {}): BbrState {
    Object.assign(this.facts, { lost: MSS, sentInFlight, lostSinceSent: since, rateAppLimited: false, ...some })
    bbr.onSegmentLost!(this.state, this.facts)
    return this.state
  }

  /** Rounds until `phase` is reached. */
  until(phase: BbrState['phase'], some: Partial<AckFacts> = {}): this {
    for (let i = 0; i < 200 && this.state.phase !== phase; i++) this.round(BW, some)
    expect(this.state.phase).toBe(phase)
    return this
  }
}

/** A path whose pipe is full, cruising. */
const cruising = (): Path => new Path().until('probe-bw-cruise')

/** A path that goes on cruising. */
function holding(): Path {
  const path = cruising()
  path.state.bwProbeWait = Infinity
  path.state.probeRttMinStamp = Infinity
  path.state.roundsSinceBwProbe = -Infinity
  return path
}

/** In ProbeBW_UP with a rate that grows so fast that UP goes on. */
const up = (): Path => cruising().until('probe-bw-up')

describe('BBR: initialization', () => {
  test('"BBROnInit": an initial window at 2.77 windows per millisecond, as long as no round trip is known', () => {
    const state = bbr.create(1460)
    expect(state).toMatchObject({ cwnd: 14_600, ssthresh: MAX_CONGESTION_WINDOW, phase: 'startup' })
    expect(state.pacingRate).toBeCloseTo(2.77 * 14_600 * 1000, 0)
    expect(bbr.create(1460, 2920).cwnd).toBe(2920)
    expect(() => bbr.create(NaN)).toThrow(RangeError)
  })

  test('"BBRInitPacingRate": with the first round-trip time, 2.77 windows per round trip', () => {
    const path = new Path()
    expect(path.round(10_000, { newlyDelivered: 1000 }).pacingRate).toBeCloseTo(2.77 * 10_000 / 0.1, 0)
  })

  test('recovery is its own: the window during recovery is what the model says', () => {
    expect(bbr.recovery).toBe('own')
  })
})

describe('BBR: Startup', () => {
  test('"Startup": paces at 2.77 times the bandwidth and grows the window by what is delivered', () => {
    const path = new Path()
    const rates = [100_000, 200_000, 400_000]
    for (const rate of rates) {
      const before = path.state.cwnd
      path.round(rate)
      expect(path.state.pacingRate).toBeCloseTo(Math.max(2.77 * rate * 0.99, 277_000), 0)
      expect(path.state.cwnd).toBe(before + rate / 10)
    }
    expect(path.state.phase).toBe('startup')
  })

  test('"Startup": a lower sample does not lower the pacing rate before the pipe is full', () => {
    const path = new Path()
    path.round(500_000)
    const { pacingRate } = path.state
    expect(path.round(200_000).pacingRate).toBe(pacingRate)
  })

  test('"Exiting Startup Based on Bandwidth Plateau": three rounds in a row that bring less than 25 % more', () => {
    const path = new Path()
    path.round(BW / 2)
    path.round(BW)
    expect(path.round(BW * 1.2).phase).toBe('startup')
    expect(path.round(BW * 1.2).phase).toBe('startup')
    expect(path.round(BW * 1.2).phase).not.toBe('startup')
    expect(path.state.fullBwReached).toBe(true)
  })

  test('"Exiting Startup Based on Bandwidth Plateau": growth of 25 % starts the count anew, and app-limited rounds do not count', () => {
    const path = new Path()
    path.round(BW)
    path.round(BW)
    path.round(BW)
    path.round(BW * 1.25)
    for (let i = 0; i < 10; i++) path.round(BW / 10, { rateAppLimited: true })
    expect(path.state).toMatchObject({ phase: 'startup', fullBwCount: 0, maxBw: BW * 1.25 })
  })

  test('"Exiting Startup Based on Bandwidth Plateau": many ACKs in one round count once', () => {
    const path = new Path()
    path.round(BW)
    for (let i = 0; i < 50; i++) path.ack({ deliveryRate: BW })
    expect(path.state.phase).toBe('startup')
  })

  /** A round of Startup in which `acks` ACKs come with a loss; at its end `lost` of 100,000 bytes are lost. */
  function lossyStartup(acks: number, lost: number, inRecovery = true): BbrState {
    const path = new Path()
    path.round(BW)
    for (let i = 0; i < acks; i++) {
      path.lose(BDP, MSS)
      path.ack({ deliveryRate: BW, inRecovery, sentInFlight: BDP, lostSinceSent: 0 })
    }
    path.round(BW * 1.3, { inRecovery, sentInFlight: BDP, lostSinceSent: lost })
    return path.state
  }

  test('"Exiting Startup Based on Packet Loss": more than 2 % in a round, at six places, in recovery', () => {
    const state = lossyStartup(6, 2001)
    expect(state).toMatchObject({ fullBwReached: true })
    expect(state.phase).not.toBe('startup')
    // The bound is what was delivered, and the loss that is tolerated: 1.02 times at most.
    expect(state.inflightLongterm).toBe(132_001)
  })

  test.each([[5, 2001, true], [6, 2000, true], [6, 2001, false]])('"Exiting Startup Based on Packet Loss": not with %i places, %i of 100000 bytes, in recovery: %s', (acks, lost, inRecovery) => {
    expect(lossyStartup(acks, lost, inRecovery)).toMatchObject({ phase: 'startup', fullBwReached: false, inflightLongterm: Infinity })
  })
})

describe('BBR: Drain', () => {
  test('"Drain": halves the rate until what is in flight fits the pipe, then enters ProbeBW', () => {
    const path = new Path()
    for (let i = 0; i < 4; i++) path.round(BW, { inFlight: 2 * BDP })
    expect(path.state.phase).toBe('drain')
    expect(path.state.pacingRate).toBeCloseTo(0.5 * BW * 0.99, 0)
    expect(path.ack({ inFlight: BDP + 1, deliveryRate: BW }).phase).toBe('drain')
    expect(path.ack({ inFlight: BDP, deliveryRate: BW }).phase).toBe('probe-bw-cruise')
  })

  test('ends after three rounds even when the pipe seems never to drain', () => {
    const path = new Path()
    for (let i = 0; i < 7; i++) path.round(BW, { inFlight: 2 * BDP })
    expect(path.state.phase).toBe('drain')
    expect(path.round(BW, { inFlight: 2 * BDP }).phase).toBe('probe-bw-down')
  })
})

describe('BBR: ProbeBW', () => {
  test('"ProbeBW_CRUISE": sends at the bandwidth less 1 %, with two bandwidth-delay products for a window', () => {
    const { state } = cruising()
    expect(state.pacingRate).toBeCloseTo(0.99 * BW, 0)
    expect(state.cwnd - state.extraAcked).toBeCloseTo(2 * BDP, -1)
  })

  test('"BBRQuantizationBudget": three bursts fit the window however short the pipe, and two segments more in UP', () => {
    const path = holding()
    path.ack({ deliveryRate: BW, rtt: 0 })
    expect(path.state.minRtt).toBe(0)
    const filter = path.state.extraAckedFilter
    const cwnd = (): number => {
      filter.max = filter.second = filter.third = 0
      return path.ack({ now: path.facts.now + 1000, deliveryRate: BW, newlyDelivered: 0 }).cwnd
    }
    // A burst is two segments at this rate.
    expect(cwnd()).toBe(6 * MSS)
    Object.assign(path.state, { phase: 'probe-bw-up', fullBwNow: false, fullBwCount: 0, cwnd: BDP })
    expect(cwnd()).toBe(8 * MSS)
  })

  test('"ProbeBW_CRUISE": leaves 15 % of the long-term bound free', () => {
    const path = cruising()
    path.state.inflightLongterm = BDP
    expect(path.ack({ deliveryRate: BW }).cwnd).toBe(0.85 * BDP)
    path.state.inflightLongterm = 5 * MSS
    expect(path.ack({ deliveryRate: BW, sentInFlight: 5 * MSS }).cwnd).toBe(4 * MSS)
  })

  test('"Time Scale for Bandwidth Probing": after 2 to 3 s of cruising comes REFILL', () => {
    const path = cruising()
    expect(path.state.bwProbeWait).toBeGreaterThanOrEqual(2000)
    expect(path.state.bwProbeWait).toBeLessThan(3000)
    const { cycleStamp, bwProbeWait } = path.state
    path.facts.now = cycleStamp + bwProbeWait - 1
    expect(path.ack({ deliveryRate: BW }).phase).toBe('probe-bw-cruise')
    expect(path.ack({ deliveryRate: BW }).phase).toBe('probe-bw-refill')
  })

  test('"Reno Coexistence": as many rounds as there are segments in flight, or 63, are enough too', () => {
    const path = cruising()
    path.state.bwProbeWait = Infinity
    path.state.roundsSinceBwProbe = 0
    const rounds = (): number => {
      for (let i = 1; ; i++) if (path.round(path.state.bw).phase === 'probe-bw-refill') return i
    }
    path.state.probeRttMinStamp = Infinity
    expect(rounds()).toBe(63)
    path.state.phase = 'probe-bw-cruise'
    path.state.roundsSinceBwProbe = 0
    path.state.bwShortterm = BW / 10
    path.state.bw = BW / 10
    expect(rounds()).toBe(10)
  })

  test('"ProbeBW_REFILL": forgets the short-term bounds, sends at the bandwidth for one round, then UP at 1.25', () => {
    const path = cruising()
    path.state.bwShortterm = BW / 2
    path.state.inflightShortterm = BDP / 2
    path.until('probe-bw-refill')
    expect(path.state).toMatchObject({ bwShortterm: Infinity, inflightShortterm: Infinity })
    expect(path.state.pacingRate).toBeCloseTo(0.99 * BW, 0)
    expect(path.ack({ deliveryRate: BW }).phase).toBe('probe-bw-refill')
    expect(path.round().phase).toBe('probe-bw-up')
    expect(path.state.pacingRate).toBeCloseTo(1.25 * 0.99 * BW, 0)
    expect(path.state.bwProbeSamples).toBe(true)
  })

  test('"ProbeBW_UP" ends when three rounds brought no more bandwidth, and DOWN sends at 0.9', () => {
    const path = up()
    path.round()
    path.round()
    expect(path.state.phase).toBe('probe-bw-up')
    path.round(BW, { inFlight: 2 * BDP })
    expect(path.state.phase).toBe('probe-bw-down')
    expect(path.state.pacingRate).toBeCloseTo(0.9 * 0.99 * BW, 0)
  })

  test('"ProbeBW_UP" goes on while the long-term bound holds the window back, and raises that bound twice as fast each round', () => {
    const path = up()
    path.state.inflightLongterm = BDP
    const growth: number[] = []
    let before = BDP
    while (growth.length < 5) {
      path.ack({ deliveryRate: BW, sentInFlight: BDP, priorInFlight: path.state.cwnd, inFlight: path.state.cwnd - MSS })
      if (!path.state.roundStart) continue
      growth.push((path.state.inflightLongterm - before) / MSS)
      before = path.state.inflightLongterm
    }
    expect(path.state.phase).toBe('probe-bw-up')
    // 1 + 2 + 4 + 8 + 16 segments, the last of them on their way.
    const sum = growth.reduce((a, b) => a + b)
    expect(sum).toBeGreaterThan(24)
    expect(sum).toBeLessThan(32)
    expect(growth[4]! + growth[3]!).toBeGreaterThan(2 * (growth[2]! + growth[1]!))
  })

  test('"ProbeBW_REFILL": the next probe starts slowly again', () => {
    const path = up()
    path.state.bwProbeUpRounds = 7
    path.state.bwProbeUpAcks = 5000
    path.state.phase = 'probe-bw-cruise'
    path.until('probe-bw-refill')
    expect(path.state).toMatchObject({ bwProbeUpRounds: 0, bwProbeUpAcks: 0, ackPhase: 'refilling' })
    path.until('probe-bw-up')
    expect(path.state.bwProbeUpRounds).toBe(1)
  })

  test('"BBRAdaptLongTermModel": a probe is over, for the filter of the bandwidth too, when what was sent after it arrives', () => {
    const path = up()
    const { cycleCount } = path.state
    path.ack({ deliveryRate: BW })
    path.ack({ deliveryRate: BW })
    path.lose(BDP, 3000)
    expect(path.state).toMatchObject({ phase: 'probe-bw-down', ackPhase: 'probe-stopping' })
    path.ack({ deliveryRate: BW, priorDelivered: path.facts.delivered - 1, inFlight: 2 * BDP, sentInFlight: 0, lostSinceSent: 0 })
    expect(path.state).toMatchObject({ ackPhase: 'probe-stopping', cycleCount })
    path.ack({ deliveryRate: BW, priorDelivered: path.facts.delivered, inFlight: 2 * BDP })
    expect(path.state).toMatchObject({ ackPhase: 'init', cycleCount: cycleCount + 1 })
  })

  test('"ProbeBW_UP": a window that was not filled raises nothing', () => {
    const path = up()
    path.state.inflightLongterm = BDP
    for (let i = 0; i < 2; i++) path.round(BW, { priorInFlight: BDP / 2, sentInFlight: BDP / 2 })
    expect(path.state.inflightLongterm).toBe(BDP)
  })

  test('"ProbeBW_DOWN" turns to CRUISE when what is in flight fits the pipe and leaves the headroom free', () => {
    const path = up()
    for (let i = 0; i < 3; i++) path.round(BW, { inFlight: 2 * BDP })
    path.state.inflightLongterm = BDP
    expect(path.ack({ deliveryRate: BW, inFlight: 0.85 * BDP + 1 }).phase).toBe('probe-bw-down')
    expect(path.ack({ deliveryRate: BW, inFlight: 0.85 * BDP }).phase).toBe('probe-bw-cruise')
  })
})

describe('BBR: bandwidth filter', () => {
  test('"BBR.MaxBwFilter": the maximum of this ProbeBW cycle and the one before', () => {
    const path = cruising()
    const wait = (): void => {
      path.state.probeRttMinStamp = path.facts.now
      path.until('probe-bw-refill')
      path.state.probeRttMinStamp = path.facts.now
    }
    const cycle = (rate: number): void => {
      for (let i = 0; i < 200; i++) {
        path.state.probeRttMinStamp = path.facts.now
        const { phase } = path.round(rate)
        if (i > 3 && phase === 'probe-bw-cruise') return
      }
    }
    wait()
    cycle(BW / 2)
    expect(path.state.maxBw).toBe(BW)
    path.until('probe-bw-cruise')
    while (path.state.maxBw === BW && path.facts.now < 60_000) {
      path.state.probeRttMinStamp = path.facts.now
      path.round(BW / 2)
    }
    expect(path.state.maxBw).toBe(BW / 2)
  })

  test('"BBRUpdateMaxBw": an app-limited sample counts only when it is higher', () => {
    const path = cruising()
    expect(path.round(BW * 1.1, { rateAppLimited: true }).maxBw).toBe(BW * 1.1)
    const { maxBwFilter } = path.state
    const before = { ...maxBwFilter }
    path.state.cycleCount += 5
    path.round(BW / 2, { rateAppLimited: true })
    expect(path.state.maxBw).toBe(BW * 1.1)
    expect(maxBwFilter).toEqual(before)
  })
})

describe('BBR: loss', () => {
  test('"BBRHandleLostPacket": more than 2 % lost of what a probe sent ends UP, with the bound where the loss began', () => {
    const path = up()
    path.lose(BDP, 2000)
    expect(path.state).toMatchObject({ phase: 'probe-bw-up', inflightLongterm: Infinity })
    path.lose(1.2 * BDP, 3000)
    // BBRInflightAtLoss: (0.02·119,000 - 2,000) / 0.98 beyond 119,000.
    expect(path.state).toMatchObject({ phase: 'probe-bw-down', bwProbeSamples: false, inflightLongterm: Math.floor(119_000 + 380 / 0.98) })
  })

  test('"BBRHandleInflightTooHigh": the bound falls to 0.7 of the target at the lowest, once per probe, and not when app-limited', () => {
    const path = up()
    path.lose(10 * MSS, 3000, { rateAppLimited: true })
    expect(path.state).toMatchObject({ phase: 'probe-bw-down', inflightLongterm: Infinity })
    const other = up()
    other.lose(10 * MSS, 3000)
    expect(other.state.inflightLongterm).toBe(0.7 * BDP)
    other.lose(4 * MSS, 4000)
    expect(other.state.inflightLongterm).toBe(0.7 * BDP)
  })

  test('loss while cruising leaves the long-term bound alone', () => {
    const path = cruising()
    path.lose(BDP, 50_000)
    expect(path.state).toMatchObject({ phase: 'probe-bw-cruise', inflightLongterm: Infinity })
  })

  /** A round at `rate` after a loss. */
  function lossyRound(path: Path, rate: number, lostSinceSent = 0): BbrState {
    path.lose(BDP, MSS)
    path.round(rate, { lostSinceSent })
    return path.round(rate, { lostSinceSent })
  }

  test('"BBRLossLowerBounds": after a round with loss the short-term bounds are what got through, 0.7 of themselves at the lowest', () => {
    const path = holding()
    const { cwnd } = path.state
    expect(lossyRound(path, 0.8 * BW).bwShortterm).toBe(BW)
    expect(path.state.inflightShortterm).toBeCloseTo(0.7 * cwnd, 0)
    lossyRound(path, 0.8 * BW)
    expect(path.state.bwShortterm).toBe(0.8 * BW)
    lossyRound(path, 0.1 * BW)
    expect(lossyRound(path, 0.1 * BW).bwShortterm).toBeCloseTo(0.56 * BW, 0)
    expect(path.state.bw).toBe(path.state.bwShortterm)
    expect(path.state.maxBw).toBe(BW)
  })

  test('"BBRUpdateLatestDeliverySignals": what got through is the most that any ACK of the round showed', () => {
    const path = holding()
    lossyRound(path, 0.75 * BW)
    path.lose(BDP, MSS)
    path.ack({ deliveryRate: 0.9 * BW, priorDelivered: path.facts.delivered - 0.9 * BDP, lostSinceSent: 0 })
    path.round(0.7 * BW)
    expect(path.state.bwShortterm).toBeCloseTo(0.9 * BW, 0)
    expect(path.state.inflightShortterm).toBeGreaterThan(0.9 * BDP)
  })

  test('loss below 2 % does not lower the short-term bounds by itself, and the pacing margin rests while one holds', () => {
    const path = holding()
    path.state.bwShortterm = 0.8 * BW
    path.state.inflightShortterm = 0.8 * BDP
    for (let i = 0; i < 10; i++) lossyRound(path, 0.8 * BW * 0.99, 0.8 * BDP * 0.01)
    expect(path.state.bwShortterm / (0.8 * BW)).toBeGreaterThan(0.998)
    expect(path.state.inflightShortterm / (0.8 * BDP)).toBeGreaterThan(0.998)
    expect(path.state.pacingRate).toBeCloseTo(path.state.bwShortterm, 0)
    for (let i = 0; i < 10; i++) lossyRound(path, path.state.bwShortterm * 0.95, path.state.bwShortterm * 0.004)
    expect(path.state.bwShortterm).toBeLessThan(0.8 * BW * 0.9)
  })

  test.each([['startup'], ['probe-bw-refill'], ['probe-bw-up']] as const)('"BBRIsProbingBW": in %s a loss sets no short-term bound', (phase) => {
    const path = phase === 'startup' ? new Path() : cruising().until(phase)
    if (phase === 'startup') path.round()
    path.lose(100 * BDP, MSS)
    path.ack({ deliveryRate: BW, priorDelivered: path.facts.delivered, sentInFlight: BDP })
    expect(path.state.bwShortterm).toBe(Infinity)
  })

  test('onLoss takes nothing from the window, whose recovery is bounded by the model', () => {
    const path = cruising()
    const { cwnd } = path.state
    bbr.onLoss(path.state, path.facts)
    expect(path.state).toMatchObject({ cwnd, ssthresh: MAX_CONGESTION_WINDOW, lossInRound: true })
  })

  test('a congestion mark ends Startup, and ends a probe with the bound at what is in flight', () => {
    const start = new Path()
    start.round()
    bbr.onLoss(start.state, Object.assign(start.facts, { ece: true }))
    expect(start.state).toMatchObject({ fullBwReached: true, inflightLongterm: BDP })
    expect(start.round().phase).not.toBe('startup')
    const path = up()
    bbr.onLoss(path.state, Object.assign(path.facts, { ece: true, inFlight: 110_000 }))
    expect(path.state).toMatchObject({ phase: 'probe-bw-down', inflightLongterm: 110_000 })
  })

  test('"BBROnEnterRTO": one segment, and the window of before after recovery', () => {
    const path = cruising()
    const { cwnd } = path.state
    bbr.onTimeout(path.state, Object.assign(path.facts, { timeouts: 1 }))
    expect(path.state).toMatchObject({ cwnd: MSS, fullBw: 0, inflightShortterm: cwnd, lossInRound: true })
    bbr.onTimeout(path.state, Object.assign(path.facts, { timeouts: 2 }))
    path.facts.timeouts = 0
    path.ack({ deliveryRate: 0, priorDelivered: -1, inRecovery: true })
    expect(path.state.cwnd).toBe(4 * MSS)
    bbr.onRecoveryEnd!(path.state, path.facts)
    expect(path.state.cwnd).toBe(cwnd)
  })

  test('"BBRHandleSpuriousLossDetection": bounds that fell and a phase that ended come back', () => {
    const path = up()
    path.lose(BDP, 5000)
    expect(path.state.phase).toBe('probe-bw-down')
    bbr.onLoss(path.state, path.facts)
    path.state.bwShortterm = BW / 2
    path.state.inflightShortterm = BDP / 2
    bbr.onUndo!(path.state, path.facts)
    expect(path.state).toMatchObject({
      phase: 'probe-bw-up', bwShortterm: Infinity, inflightShortterm: Infinity, inflightLongterm: Infinity, lossInRound: false,
    })
    // Also when recovery has ended before it turns out; the next event keeps what was before itself.
    const again = (): void => {
      path.state.bwProbeSamples = true
      path.lose(BDP, 5000)
      bbr.onRecoveryEnd!(path.state, path.facts)
    }
    again()
    bbr.onUndo!(path.state, path.facts)
    expect(path.state).toMatchObject({ phase: 'probe-bw-up', inflightLongterm: Infinity })
    again()
    const { inflightLongterm } = path.state
    path.state.phase = 'probe-bw-up'
    again()
    bbr.onUndo!(path.state, path.facts)
    expect(path.state).toMatchObject({ phase: 'probe-bw-up', inflightLongterm })
    path.state.inflightLongterm = Infinity
    // ProbeRTT goes on all the same.
    again()
    path.state.phase = 'probe-rtt'
    bbr.onUndo!(path.state, path.facts)
    expect(path.state).toMatchObject({ phase: 'probe-rtt', inflightLongterm: Infinity })
    const start = new Path()
    start.round()
    bbr.onLoss(start.state, Object.assign(start.facts, { ece: true }))
    start.round(BW, { inFlight: 3 * BDP })
    bbr.onUndo!(start.state, start.facts)
    expect(start.state).toMatchObject({ phase: 'startup', fullBwReached: false })
    expect(start.round(2 * BW).phase).toBe('startup')
  })
})

describe('BBR: ProbeRTT', () => {
  /** Cruises until the minimum is 5 s old. */
  function probing(): Path {
    const path = cruising()
    path.state.probeRttMinStamp = path.facts.now - 5000
    path.state.bwProbeWait = Infinity
    path.ack({ deliveryRate: BW, rtt: RTT })
    expect(path.state.phase).toBe('probe-rtt')
    return path
  }

  test('"BBRUpdateMinRTT": the minimum of 10 s, renewed by the last ProbeRTT', () => {
    const path = cruising()
    expect(path.ack({ rtt: 90 }).minRtt).toBe(90)
    expect(path.ack({ rtt: -1 }).minRtt).toBe(90)
    path.facts.now += 5000
    expect(path.ack({ rtt: 120 })).toMatchObject({ minRtt: 90, probeRttMinDelay: 120 })
    path.facts.now += 5000
    expect(path.ack({ rtt: 130 }).minRtt).toBe(130)
  })

  test('"ProbeRTT": a window of half the pipe, at least four segments, at the bandwidth', () => {
    const path = probing()
    expect(path.state.cwnd).toBe(BDP / 2)
    expect(path.state.pacingRate).toBeCloseTo(0.99 * BW, 0)
    const slow = probing()
    slow.state.bw = slow.state.maxBw = 1000
    slow.state.maxBwFilter.max = slow.state.maxBwFilter.second = slow.state.maxBwFilter.third = 1000
    expect(slow.ack({ deliveryRate: 0, priorDelivered: -1 }).cwnd).toBe(4 * MSS)
  })

  test('"ProbeRTT" ends 200 ms and a round after the pipe has drained; the window comes back and it cruises', () => {
    const path = probing()
    path.ack({ inFlight: BDP / 2 + 1, rtt: RTT })
    expect(path.state.probeRttDoneStamp).toBe(Infinity)
    path.ack({ inFlight: BDP / 2, rtt: RTT })
    const drained = path.facts.now
    expect(path.state.probeRttDoneStamp).toBe(drained + 200)
    // A round has passed, but not 200 ms.
    path.round(BW / 2, { now: drained + 199 })
    expect(path.state.phase).toBe('probe-rtt')
    path.ack({ now: drained + 200, inFlight: BDP / 2, deliveryRate: BW / 2 })
    expect(path.state.phase).toBe('probe-rtt')
    path.ack({ now: drained + 201, inFlight: BDP / 2, deliveryRate: BW / 2 })
    expect(path.state).toMatchObject({ phase: 'probe-bw-cruise', probeRttMinStamp: drained + 201, cycleStamp: drained + 201 })
    expect(path.state.cwnd).toBeGreaterThan(1.9 * BDP)
    // 200 ms without a round are not enough.
    const other = probing()
    other.ack({ inFlight: BDP / 2, rtt: RTT })
    other.ack({ now: other.facts.now + 300, inFlight: BDP / 2, priorDelivered: 0 })
    expect(other.state.phase).toBe('probe-rtt')
  })

  test('"MarkConnectionAppLimited": the low rates of ProbeRTT do not enter the filter of the bandwidth', () => {
    const path = probing()
    path.state.cycleCount += 2
    path.ack({ inFlight: BDP / 2, deliveryRate: BW / 2, priorDelivered: path.facts.delivered })
    expect(path.state.maxBw).toBe(BW)
    // What was sent before it counts.
    path.ack({ inFlight: BDP / 2, deliveryRate: BW / 2, priorDelivered: path.state.mutedFrom - 1 })
    expect(path.state.maxBw).toBe(BW / 2)
  })

  test('"ProbeRTT": after idling there is none, as the pipe was empty', () => {
    const path = cruising()
    bbr.onIdle(path.state, path.facts)
    path.state.probeRttMinStamp = path.facts.now - 5000
    path.ack({ deliveryRate: BW, rtt: RTT })
    expect(path.state).toMatchObject({ phase: 'probe-bw-cruise', idleRestart: false, probeRttMinStamp: path.facts.now })
  })

  test('"BBRHandleRestartFromIdle": idling through the rest of ProbeRTT ends it', () => {
    const path = probing()
    path.ack({ inFlight: BDP / 2, rtt: RTT })
    bbr.onIdle(path.state, Object.assign(path.facts, { now: path.facts.now + 1000 }))
    expect(path.state.phase).toBe('probe-bw-cruise')
  })
})

describe('BBR: idle, aggregation, clocks', () => {
  test('"BBRHandleRestartFromIdle": keeps the window and goes on at the bandwidth', () => {
    const path = up()
    const { cwnd } = path.state
    bbr.onIdle(path.state, Object.assign(path.facts, { now: path.facts.now + 1000, idle: 1000 }))
    expect(path.state.cwnd).toBe(cwnd)
    expect(path.state.pacingRate).toBeCloseTo(0.99 * BW, 0)
  })

  test('"BBRUpdateACKAggregation": ACKs that come in lumps widen the window by the lump, for ten rounds', () => {
    const path = holding()
    for (let i = 0; i < 2000; i++) path.ack({ newlyDelivered: 0.9 * MSS, deliveryRate: BW })
    expect(path.state.extraAcked).toBeLessThanOrEqual(MSS)
    path.ack({ newlyDelivered: 30 * MSS, deliveryRate: BW })
    expect(path.state.extraAcked).toBeGreaterThan(29 * MSS)
    expect(path.state.cwnd).toBe(Math.floor(2 * BDP + path.state.extraAcked))
    // What comes right after it adds to it.
    path.ack({ now: path.facts.now, newlyDelivered: 5 * MSS, deliveryRate: BW })
    expect(path.state.extraAcked).toBeGreaterThan(34 * MSS)
    const { roundCount } = path.state
    while (path.state.extraAcked > 34 * MSS && path.state.roundCount < roundCount + 30) {
      path.ack({ newlyDelivered: 0.9 * MSS, deliveryRate: BW })
    }
    const rounds = path.state.roundCount - roundCount
    expect(rounds).toBeGreaterThanOrEqual(10)
    expect(rounds).toBeLessThanOrEqual(12)
  })

  test('another clock changes nothing when the times are shifted', () => {
    const [a, b] = [cruising(), cruising()]
    bbr.shiftTime!(b.state, 1e6)
    b.facts.now += 1e6
    for (let i = 0; i < 200; i++) {
      a.round()
      b.round()
    }
    bbr.shiftTime!(b.state, -1e6)
    expect(b.state).toEqual(a.state)
  })
})

describe('BBR: whatever the facts', () => {
  const size = fc.integer({ min: 0, max: 2 ** 31 })
  const event = fc.record({
    kind: fc.constantFrom('ack', 'ack', 'ack', 'ack', 'lost', 'loss', 'timeout', 'idle', 'end', 'undo'),
    passed: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 300, noNaN: true }), fc.double({ min: 0, max: 20_000, noNaN: true })),
    newlyDelivered: fc.oneof(fc.integer({ min: 0, max: 100_000 }), size), inFlight: size, priorInFlight: size, lost: size,
    rtt: fc.oneof(fc.constant(-1), fc.constant(0), fc.double({ min: 0, max: 1000, noNaN: true })),
    srtt: fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1000, noNaN: true })),
    deliveryRate: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e12, noNaN: true })), rateAppLimited: fc.boolean(),
    behind: fc.oneof(fc.constant(-1), size), sentInFlight: size, lostSinceSent: size, ece: fc.boolean(), inRecovery: fc.boolean(),
  })

  test('cwnd is a whole number from 4 MSS (1 after a timeout) to the greatest, the rate is above 0, and nothing is NaN', () => {
    fc.assert(fc.property(fc.array(event, { maxLength: 200 }), fc.integer({ min: 1, max: 65_495 }), (events, mss) => {
      const state = bbr.create(mss)
      const facts = Object.assign(createAckFacts(), { mss })
      let least = Math.min(state.cwnd, 4 * mss)
      for (const { kind, passed, behind, ...some } of events) {
        Object.assign(facts, some, { now: facts.now + passed, delivered: facts.delivered + some.newlyDelivered, timeouts: 0 })
        facts.priorDelivered = behind < 0 ? -1 : Math.max(0, facts.delivered - behind)
        if (kind === 'ack') {
          bbr.onAck(state, facts)
          least = 4 * mss
        } else if (kind === 'lost') bbr.onSegmentLost!(state, facts)
        else if (kind === 'loss') bbr.onLoss(state, facts)
        else if (kind === 'timeout') {
          bbr.onTimeout(state, Object.assign(facts, { timeouts: 1 }))
          least = mss
        } else if (kind === 'idle') bbr.onIdle(state, facts)
        else if (kind === 'end') bbr.onRecoveryEnd!(state, facts)
        else bbr.onUndo!(state, facts)
        expect(state.cwnd).toBeGreaterThanOrEqual(least)
        expect(state.cwnd).toBeLessThanOrEqual(MAX_CONGESTION_WINDOW)
        expect(Number.isInteger(state.cwnd)).toBe(true)
        expect(state.pacingRate).toBeGreaterThan(0)
        expect(state.pacingRate).toBeLessThan(Infinity)
        for (const part of [state, state.maxBwFilter, state.extraAckedFilter]) expect(Object.values(part)).not.toContain(NaN)
      }
    }), { numRuns: 300 })
  })
})
