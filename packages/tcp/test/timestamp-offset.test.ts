import { expect, test } from 'vitest'
import { describe as read, Script } from './harness.ts'

/** ISN and TSval of the SYN of a connection that is then given up. */
function open(script: Script): { isn: number, timestamp: number } {
  script.connect({ iss: undefined }).poll()
  const { seq, timestamps } = read(script.network.sent.splice(0)[0]!)
  script.connection.abort(script.now)
  script.poll().network.sent.length = 0
  return { isn: seq, timestamp: timestamps![0] }
}

test('RFC 7323 §5.4, RFC 6191 §2: timestamps have an offset of their own for every pair of ends, and go on in the next connection of both', () => {
  const script = new Script({ timestamps: true })
  const first = open(script)
  const second = open(script.advance(10))
  expect((second.timestamp - first.timestamp) | 0).toBe(10)
  // RFC 6528: a tick each 4 µs. The two move each for itself: the offset does not hang on the ISN.
  expect((second.isn - first.isn) | 0).toBe(2500)
  script.localPort++
  const other = open(script)
  expect(Math.abs((other.timestamp - second.timestamp) | 0)).toBeGreaterThan(1000)
  expect(other.timestamp - other.isn).not.toBe(second.timestamp - second.isn)
})
