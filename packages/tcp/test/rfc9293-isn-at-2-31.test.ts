import { describe } from 'vitest'
import { useInitialSequenceNumbers } from './harness.ts'

// RFC 9293 §3.4: all arithmetic on sequence numbers is modulo 2³². Ours cross the sign bit, the peer's begin anew at 0.
useInitialSequenceNumbers(2 ** 31 - 4, 2 ** 32 - 4)

describe('once more with ISS = 2³¹ - 4 and IRS = 2³² - 4', async () => {
  await import('./closing.test.ts')
  await import('./congestion-control.test.ts')
  await import('./course-arithmetic.test.ts')
  await import('./ecn.test.ts')
  await import('./fast-open.test.ts')
  await import('./handshake.test.ts')
  await import('./info.test.ts')
  await import('./linger.test.ts')
  await import('./parking.test.ts')
  await import('./receiving.test.ts')
  await import('./recovery-sack.test.ts')
  await import('./regressions.test.ts')
  await import('./rfc9293-closing.test.ts')
  await import('./rfc9293-header.test.ts')
  await import('./rfc9293-internet.test.ts')
  await import('./rfc9293-opening.test.ts')
  await import('./rfc9293-receiving.test.ts')
  await import('./rfc9293-sending.test.ts')
  await import('./segmentation.test.ts')
  await import('./send-quantum.test.ts')
  await import('./sending.test.ts')
  await import('./settings.test.ts')
  await import('./syn-flood.test.ts')
  await import('./urgent.test.ts')
})
