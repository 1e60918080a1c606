import { expect, test } from 'vitest'
import { SipHash } from '@layerfour/storage'
import { makeCookie, openCookie } from '../src/syn-cookie.ts'
import { address, SECRET } from './harness.ts'

test('a SYN cookie does not come back to life 34 minutes later', () => {
  const hash = new SipHash(SECRET); const us = address('10.0.0.1'); const peer = address('10.0.0.2')
  const cookie = makeCookie(hash, us, peer, 80, 500, 1460, 0)
  expect(openCookie(hash, us, peer, 80, 500, cookie, 10 * 64_000)).toBe(-1)
  expect(openCookie(hash, us, peer, 80, 500, cookie, 32 * 64_000)).toBe(-1)
})
