import { expect, test } from 'vitest'
import { DropReason } from '@layerfour/wire'
import { Script, describe as seg } from './harness.ts'

test('while the device is full, owed duplicate ACKs do not pile up without bound', () => {
  const script = new Script().establish()
  script.network.answer = DropReason.DeviceQueueFull
  for (let i = 0; i < 5000; i++) script.send({ flags: 'A', seq: 510, ack: 101, text: 'x' })
  script.network.answer = DropReason.None
  script.poll()
  expect(script.network.sent.length).toBeLessThanOrEqual(128)
})

test('RFC 7413 §5.1: the cap on fast-open requests holds when the user closes before the handshake is done', () => {
  const script = new Script()
  const listener = script.listen({ fastOpenQueue: 1 })
  script.send({ flags: 'S', seq: 500, mss: 1460, fastOpen: [] }); script.poll()
  const cookie = script.network.sent.splice(0).map(seg)[0]!.fastOpen!
  let served = 0
  for (let i = 1; i <= 20; i++) {
    script.remotePort = 41_000 + i
    script.send({ flags: 'S', seq: 500, mss: 1460, fastOpen: cookie, text: 'GET' })
    script.poll()
    const c = listener.accept()
    if (c === undefined) continue
    served++
    c.receive(new Uint8Array(10), 0, 10)
    c.send(new Uint8Array(1000), 0, 1000)
    c.close(script.now)
    script.poll()
    // Anything from the peer that does not end the handshake has the listener counted anew.
  }
  expect(served).toBeLessThanOrEqual(1)
})

test('a FIN that was announced is not lost when text beyond it arrives (the reader still gets its end)', () => {
  const script = new Script().establish()
  script.send({ flags: 'FA', seq: 511, ack: 101 })
  script.send({ flags: 'A', seq: 511, ack: 101, text: 'beyond' })
  script.send({ flags: 'A', seq: 501, ack: 101, text: '0123456789' })
  script.poll()
  script.read()
  expect(script.connection.receive(new Uint8Array(1), 0, 1)).toBe(0)
})

