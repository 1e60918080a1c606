import { expect, test } from 'vitest'
import { Script, describe as seg } from './harness.ts'

/** A desynchronised peer: it answers each ACK that it finds unacceptable with its own, as our own stack does. */
test('two ends that both got a forged byte do not exchange ACKs for ever (out-of-window ACKs are rate limited)', () => {
  const script = new Script().establish()
  // The peer thinks: SND.NXT 501, RCV.NXT 102 (forged byte from "us"). We got a forged byte from "the peer": RCV.NXT 502.
  script.send({ flags: 'A', seq: 501, ack: 101, text: 'x' })
  script.poll()
  let acks = 0
  script.network.sent.length = 0
  script.send({ flags: 'A', seq: 501, ack: 102 })
  for (let round = 0; round < 1000; round++) {
    script.poll()
    const sent = script.network.sent.splice(0).map(seg)
    if (sent.length === 0) break
    acks += sent.length
    script.advance(0.1)
    for (const s of sent) if (s.seq < 102) script.send({ flags: 'A', seq: 501, ack: 102 })
  }
  expect(acks).toBeLessThan(50) // within 100 ms
})
