import { expect, test } from 'vitest'
import { Script } from './harness.ts'

test('a FIN with a number from nowhere does not prolong TIME-WAIT', () => {
  const script = new Script().establish()
  script.connection.close(script.now); script.poll()
  script.send({ flags: 'FA', seq: 501, ack: 102 })
  script.poll()
  for (let t = 0; t < 600; t++) { script.send({ flags: 'FA', seq: 0x70000000, ack: 5 }); script.poll(); script.advance(1000) }
  expect(script.tcp.size).toBe(0)
})
