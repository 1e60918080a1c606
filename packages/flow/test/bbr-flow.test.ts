import { describe, expect, test } from 'vitest'
import { bbr, type BbrPhase } from '../src/index.ts'
import { Bottleneck, Flow, type Link, PACKET } from './_bottleneck.ts'

/** 100 Mbit/s. */
const RATE = 12_500_000
const RTT = 50
const BDP = RATE * RTT / 1000
const link = (some: Partial<Link> = {}): Link => ({ rate: RATE, rtt: RTT, buffer: BDP, loss: 0, ...some })

/** Utilisation of a single flow between 2 s and 32 s. */
function steady(some: Partial<Link>, seed = 1): { utilisation: number, queue: number, flow: Flow<ReturnType<typeof bbr.create>> } {
  const flow = new Flow(bbr)
  const bottleneck = new Bottleneck(link(some), [flow], seed)
  bottleneck.run(2000)
  bottleneck.maxQueue = 0
  const delivered = bottleneck.run(32_000)
  return { utilisation: bottleneck.utilisation(delivered, 30_000), queue: bottleneck.maxQueue, flow }
}

/** The phases in their order with the times at which they began, ms. */
function phases(bottleneck: Bottleneck, flow: Flow<ReturnType<typeof bbr.create>>, end: number): [BbrPhase, number][] {
  const list: [BbrPhase, number][] = []
  bottleneck.run(end, (now) => {
    if (flow.state.phase !== list.at(-1)?.[0]) list.push([flow.state.phase, now])
  })
  return list
}

describe('BBR on 100 Mbit/s and 50 ms with a buffer of one bandwidth-delay product', { timeout: 60_000 }, () => {
  test('fills at least 95 % of it, and the queue stays below 1.5 bandwidth-delay products also when there is room', () => {
    const { utilisation, flow } = steady({})
    expect(utilisation).toBeGreaterThan(0.95)
    expect(flow.timeouts).toBe(0)
    const deep = steady({ buffer: 10 * BDP })
    expect(deep.utilisation).toBeGreaterThan(0.95)
    expect(deep.queue).toBeLessThan(1.5 * BDP)
  })

  test.each([[1], [2], [3], [4]])('1% of random loss leaves at least 85% of it (seed $0)', (seed) => {
    expect(steady({ loss: 0.01 }, seed).utilisation).toBeGreaterThan(0.85)
  })

  test('a queue of 5 % of the bandwidth-delay product is enough for 85 %', () => {
    expect(steady({ buffer: 0.05 * BDP }).utilisation).toBeGreaterThan(0.85)
  })

  test('goes through Startup, Drain, and ProbeBW (DOWN for no longer than an ACK, as Drain left no queue,) CRUISE, REFILL, UP, DOWN', () => {
    const flow = new Flow(bbr)
    const seen = phases(new Bottleneck(link(), [flow]), flow, 4500).map(([phase]) => phase)
    expect(seen).toEqual([
      'startup', 'drain', 'probe-bw-cruise', 'probe-bw-refill', 'probe-bw-up', 'probe-bw-down', 'probe-bw-cruise',
    ])
  })

  test('probes for bandwidth each 2 to 3 s, at intervals that differ', () => {
    const flow = new Flow(bbr)
    const seen = phases(new Bottleneck(link(), [flow]), flow, 30_000)
    const waits: number[] = []
    let began = 0
    seen.forEach(([phase, at], i) => {
      // After Drain and ProbeRTT the draft passes through DOWN at once.
      if (phase === 'probe-bw-down' || phase === 'probe-bw-cruise' && seen[i - 1]![0] !== 'probe-bw-down') began = at
      if (phase === 'probe-bw-refill') waits.push(at - began)
    })
    expect(waits.length).toBeGreaterThan(6)
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(2000)
      // An ACK later at most.
      expect(wait).toBeLessThan(3005)
    }
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(200)
  })

  test('ProbeRTT comes 5 s after the minimum was seen or the last ProbeRTT ended, lasts 200 ms and a bit, and halves what is in flight', () => {
    const flow = new Flow(bbr)
    const bottleneck = new Bottleneck(link(), [flow])
    bottleneck.run(1000)
    let least = Infinity
    let stamp = 0
    let began = 0
    const gaps: number[] = []
    const lengths: number[] = []
    bottleneck.run(31_000, (now) => {
      const { phase, probeRttMinStamp } = flow.state
      if (phase === 'probe-rtt') {
        if (began === 0) gaps.push(now - stamp)
        if (began === 0) began = now
        least = Math.min(least, flow.inFlight)
      } else {
        if (began !== 0) lengths.push(now - began)
        began = 0
        stamp = probeRttMinStamp
      }
    })
    expect(gaps.length).toBeGreaterThanOrEqual(4)
    for (const gap of gaps) expect(Math.abs(gap - 5000)).toBeLessThan(5)
    for (const length of lengths) expect(length).toBeGreaterThan(200)
    for (const length of lengths) expect(length).toBeLessThan(200 + 3 * RTT)
    expect(least).toBeLessThan(0.51 * BDP)
  })

  test('when the bandwidth falls to a third, the rate follows within two probing cycles, about 10 s, and the queue drains', () => {
    const flow = new Flow(bbr)
    const bottleneck = new Bottleneck(link({ buffer: 4 * BDP }), [flow])
    bottleneck.run(8000)
    bottleneck.link.rate = RATE / 3
    bottleneck.run(19_000)
    bottleneck.maxQueue = 0
    const delivered = bottleneck.run(29_000)
    expect(bottleneck.utilisation(delivered, 10_000)).toBeGreaterThan(0.93)
    expect(flow.state.maxBw).toBeLessThan(RATE / 3 * 1.05)
    expect(bottleneck.maxQueue).toBeLessThan(1.5 * BDP / 3)
  })

  test('when the bandwidth grows threefold, probing finds it within 10 s', () => {
    const flow = new Flow(bbr)
    const bottleneck = new Bottleneck(link({ rate: RATE / 3 }), [flow])
    bottleneck.run(8000)
    bottleneck.link.rate = RATE
    bottleneck.run(18_000)
    const delivered = bottleneck.run(28_000)
    expect(bottleneck.utilisation(delivered, 10_000)).toBeGreaterThan(0.93)
  })

  test('when the path grows longer, ProbeRTT finds out within 15 s and the window follows', () => {
    const flow = new Flow(bbr)
    const bottleneck = new Bottleneck(link(), [flow])
    bottleneck.run(8000)
    bottleneck.link.rtt = 2 * RTT
    bottleneck.run(25_000)
    expect(flow.state.minRtt).toBeGreaterThan(2 * RTT)
    expect(flow.state.minRtt).toBeLessThan(2.2 * RTT)
    const delivered = bottleneck.run(35_000)
    expect(bottleneck.utilisation(delivered, 10_000)).toBeGreaterThan(0.9)
  })

  test('an application that sends at a tenth of the rate does not lower the estimate, and meets no queue', () => {
    const flow = new Flow(bbr)
    const bottleneck = new Bottleneck(link(), [flow])
    bottleneck.run(4000)
    flow.demandFrom(4000, RATE / 10)
    bottleneck.run(5000)
    bottleneck.maxQueue = 0
    bottleneck.run(20_000)
    expect(flow.state.maxBw).toBeGreaterThan(0.95 * RATE)
    expect(bottleneck.maxQueue).toBeLessThan(0.05 * BDP)
  })

  test('two flows that start 3 s apart converge: after a minute with a buffer of two products, the smaller has 40 %', () => {
    const bottleneck = new Bottleneck(link({ buffer: 2 * BDP }), [new Flow(bbr), new Flow(bbr, 3000)])
    bottleneck.run(60_000)
    const delivered = bottleneck.run(80_000)
    const [a, b] = delivered as [number, number]
    expect(bottleneck.utilisation(delivered, 20_000)).toBeGreaterThan(0.95)
    expect(Math.min(a, b) / (a + b)).toBeGreaterThan(0.4)
  })

  test('with a buffer of one product, where each probe of the larger flow hits the smaller, the smaller still has 15 %', () => {
    const bottleneck = new Bottleneck(link(), [new Flow(bbr), new Flow(bbr, 3000)])
    bottleneck.run(20_000)
    const [a, b] = bottleneck.run(60_000) as [number, number]
    expect(Math.min(a, b) / (a + b)).toBeGreaterThan(0.15)
  })

  test('a link that goes dark for 3 s and comes back is filled again', () => {
    const flow = new Flow(bbr)
    const bottleneck = new Bottleneck(link(), [flow])
    bottleneck.run(5000)
    bottleneck.link.loss = 1
    bottleneck.run(8000)
    expect(flow.timeouts).toBeGreaterThan(1)
    expect(flow.state.cwnd).toBe(PACKET)
    bottleneck.link.loss = 0
    bottleneck.run(10_000)
    const delivered = bottleneck.run(20_000)
    expect(bottleneck.utilisation(delivered, 10_000)).toBeGreaterThan(0.9)
  })

  test('the same facts give the same run, whatever ran before', () => {
    expect(steady({ loss: 0.005 }).flow.state).toEqual(steady({ loss: 0.005 }).flow.state)
  })
})
