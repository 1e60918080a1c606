import { describe, expect, test } from 'vitest'
import type { Packet } from './harness.ts'
import { describe as describePacket, filler, Script } from './harness.ts'

/** Lets time pass over a network that carries IP packets of at most `limit` bytes and acknowledges what arrives. */
function exchange(script: Script, limit: () => number, ms: number, start: number): { next: number, largest: number } {
  let next = start
  let largest = 0
  const held = new Map<number, number>()
  for (const end = script.now + ms; script.now < end; script.advance(20)) {
    script.write(20_000)
    script.poll()
    const packets: Packet[] = script.network.sent.splice(0)
    for (const packet of packets) {
      if (packet.bytes.length + 20 > limit()) continue
      largest = Math.max(largest, packet.bytes.length + 20)
      const { seq, text } = describePacket(packet)
      if (typeof text !== 'string') continue
      if (seq > next) held.set(seq, seq + text.length)
      else next = Math.max(next, seq + text.length)
      for (let more = held.get(next); more !== undefined; more = held.get(next)) {
        held.delete(next)
        next = more
      }
      script.send({ flags: 'A', seq: 501, ack: next })
    }
  }
  return { next, largest }
}

describe('path MTU discovery without ICMP (RFC 4821, RFC 8899)', () => {
  test('a black hole is found after three timeouts, and smaller segments get through', () => {
    const script = new Script({ mtuProbing: true }).establish()
    const { largest, next } = exchange(script, () => 1300, 20_000, 101)
    expect(largest).toBe(1200)
    expect(script.connection.info()).toMatchObject({ pathMtu: 1200, mss: 1160 })
    expect(next).toBeGreaterThan(101 + 100_000)
  })

  test('ten minutes later probes find how much the path carries, without loss of speed', () => {
    const script = new Script({ mtuProbing: true }).establish()
    let limit = 1300
    const first = exchange(script, () => limit, 20_000, 101)
    script.advance(600_000)
    const { timeouts, fastRetransmits } = script.connection.info()
    const second = exchange(script, () => limit, 20_000, first.next)
    const info = script.connection.info()
    expect(info.pathMtu).toBeGreaterThan(1300 - 17)
    expect(info.pathMtu).toBeLessThanOrEqual(1300)
    expect(info).toMatchObject({ timeouts, fastRetransmits })
    limit = 1500
    script.advance(600_000)
    exchange(script, () => limit, 20_000, second.next)
    expect(script.connection.info().pathMtu).toBeGreaterThan(1500 - 17)
  })

  test('without a black hole nothing is ever probed', () => {
    const script = new Script({ mtuProbing: true }).establish()
    exchange(script, () => 1500, 5000, 101)
    script.advance(1_000_000)
    expect(script.connection.info()).toMatchObject({ pathMtu: 1500, mss: 1460 })
    expect(script.connection.tcb.mtuSearch.at).toBe(Infinity)
  })

  test('short text that goes unanswered is no sign of a black hole', () => {
    const script = new Script({ mtuProbing: true }).establish()
    script.write(filler(100))
    for (let round = 0; round < 5; round++) {
      script.poll()
      script.advance(script.connection.info().rto)
    }
    expect(script.connection.info().pathMtu).toBe(1500)
  })
})
