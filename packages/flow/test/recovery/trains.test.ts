import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  ackSample, compactSentQueue, createLossRecovery, endAt, type LossRecovery, markAppLimited, noteResent, noteSent, SACKED, setSelective,
  slotOf, takeDelivered,
} from '../../src/index.ts'
import { Flow, SIZE } from './_flow.ts'

type Step = ['send' | 'wait' | 'ack' | 'sack' | 'timeout' | 'resend' | 'again' | 'idle', number]

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(fc.constantFrom('send', 'send', 'wait', 'ack', 'sack', 'sack', 'timeout', 'resend', 'again', 'again', 'again', 'idle'), fc.nat(6)), { maxLength: 15 },
)

/** Whatever it is that makes a sender send some record again. */
function again(recovery: LossRecovery, amount: number, now: number): void {
  const { sent } = recovery
  const position = sent.count === 0 ? 0 : amount % sent.count
  if (sent.count > 0 && !(sent.columns.flags[slotOf(sent, position)]! & SACKED)) noteResent(recovery, position, now)
}

/** A sender with a past: sent, acknowledged here and there, lost and resent. */
function live(history: readonly Step[], selective: boolean): Flow {
  const flow = new Flow(undefined, 20, selective)
  for (const [what, amount] of history) {
    flow.at(flow.now + 1)
    if (what === 'send') flow.send(amount)
    else if (what === 'wait') flow.at(flow.now + amount)
    else if (what === 'ack') flow.ack(Math.min(flow.una + amount, flow.nxt))
    else if (what === 'sack' && flow.una + amount < flow.nxt) flow.ack(flow.una, [[flow.una + amount, Math.min(flow.una + amount + 2, flow.nxt)]])
    else if (what === 'timeout' && flow.una < flow.nxt) flow.timeout()
    else if (what === 'resend') flow.resend()
    else if (what === 'again') again(flow.recovery, amount, flow.now)
    else if (what === 'idle') markAppLimited(flow.recovery.rate, flow.facts.inFlight)
  }
  return flow.send(1).at(flow.now + 3)
}

function deliver(flow: Flow, recovery: LossRecovery, ack: number): number {
  flow.facts.now = flow.now
  flow.facts.ack = ack
  flow.blocks.count = 0
  flow.blocks.ack = ack
  flow.blocks.echoedAt = Infinity
  takeDelivered(recovery, flow.blocks, flow.rtt, flow.facts)
  return recovery.newlyDelivered
}

function known({ sent, rate, rack, undo }: LossRecovery): unknown {
  return structuredClone({ sent: compactSentQueue(sent), rate, rack, undo, ackSample })
}

test('an ACK of many segments says what ACKs of each of them at the same time would say', () => {
  fc.assert(fc.property(steps, fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true }), (history, selective, share) => {
    const flow = live(history, selective)
    const atOnce = flow.recovery
    const oneByOne = structuredClone(atOnce)
    const last = Math.floor(share * (atOnce.sent.count - 1))
    ackSample.priorDelivered = -1
    const ends = Array.from({ length: last + 1 }, (_, position) => endAt(oneByOne.sent, position))
    const sum = ends.reduce((before, end) => before + deliver(flow, oneByOne, end), 0)
    const expected = known(oneByOne)
    ackSample.priorDelivered = -1
    expect(deliver(flow, atOnce, ends[last]!)).toBe(sum)
    expect(known(atOnce)).toEqual(expected)
  }), { numRuns: 500 })
})

test('the sample of an ACK of many segments is of the first that was sent once, unless one of them was resent', () => {
  const flow = new Flow().send(2).at(1).send(3).at(10)
  flow.ack(1)
  flow.at(20)
  deliver(flow, flow.recovery, 4 * SIZE)
  expect(flow.facts.rtt).toBe(20)
})

test('a train is noted as its segments', () => {
  const train = createLossRecovery()
  const each = createLossRecovery()
  for (const recovery of [train, each]) {
    setSelective(recovery, true)
    noteSent(recovery, 0, 700, 0, 1)
    markAppLimited(recovery.rate, 700)
  }
  noteSent(train, 700, 20_500, 0, 2.5, 1000)
  for (let from = 700; from < 20_500; from += 1000) noteSent(each, from, Math.min(from + 1000, 20_500), 0, 2.5)
  expect(train.sent.count).toBe(21)
  expect(train).toEqual(each)
})
