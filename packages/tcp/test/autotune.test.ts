import { describe, expect, test } from 'vitest'
import { Script } from './harness.ts'
import { run } from './two-tcps.ts'
import type { Impairments } from './two-tcps.ts'

describe('receive limit', () => {
  const options = { receiveBuffer: 1 << 20, initialBuffer: 8192, windowScaling: true }

  /** A peer that fills the window each round trip of 100 ms, and a reader that keeps up or does not. */
  function download(rounds: number, reads: boolean): Script {
    const script = new Script(options)
    script.connect().expect({ flags: 'S', seq: 100 })
    script.advance(100)
    script.send({ flags: 'SA', seq: 500, ack: 101, mss: 1460, scale: 0 })
    script.poll()
    let seq = 501
    for (let round = 0; round < rounds; round++) {
      script.advance(100)
      let window = script.connection.info().receiveWindow
      while (window > 0) {
        const text = Math.min(1460, window)
        script.send({ flags: 'A', seq, ack: 101, text })
        seq = (seq + text) >>> 0
        window -= text
        if (reads) script.read()
        script.poll()
      }
      script.network.sent.length = 0
    }
    return script
  }

  test('grows with what the user reads in a round trip, up to the cap', () => {
    const { receiveLimit } = download(3, true).connection.tcb
    expect(receiveLimit).toBeGreaterThanOrEqual(16_384)
    expect(receiveLimit).toBeLessThanOrEqual(65_536)
    expect(download(20, true).connection.tcb.receiveLimit).toBe(1 << 20)
  })

  test('stays small for a reader that does not read, or as the user set it', () => {
    expect(download(3, false).connection.tcb.receiveLimit).toBe(8192)
    const script = new Script(options).establish({ receiveBuffer: 5000 })
    expect(script.connection.tcb.receiveLimit).toBe(5000)
    expect(script.connection.tcb.autotune.receive).toBe(false)
  })
})

describe('send limit', () => {
  test('follows two congestion windows, up to the cap', () => {
    const script = new Script({ sendBuffer: 100_000, initialBuffer: 8192 }).establish()
    expect(script.write(10_000)).toBe(8192)
    script.poll()
    script.send({ flags: 'A', seq: 501, ack: 1561 })
    expect(script.connection.tcb.sendLimit).toBe(Math.min(100_000, 2 * script.connection.info().cwnd))
    expect(script.connection.writable).toBeGreaterThan(8192)
  })
})

test('memory goes back as soon as a connection is idle', () => {
  const clean: Impairments = { loss: 0, duplicate: 0, corrupt: 0, delay: 20, jitter: 0 }
  let idle = false
  run(1, clean, [300_000, 300_000], { initialBuffer: 8192 }, (pair, ends) => {
    const done = ends.length === 2 && ends.every((end) => end.sent === 300_000 && end.received === 300_000)
    if (!done) return
    idle ||= pair.arenas[0].used === 0 && pair.arenas[1].used === 0
  })
  expect(idle).toBe(true)
})
