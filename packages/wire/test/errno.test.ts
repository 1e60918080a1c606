import { expect, test } from 'vitest'
import { DROP_REASONS, dropReasonNames, DropReason, Errno, errnoName } from '../src/index.ts'

test('error numbers are those of Linux, negative', () => {
  expect(Errno).toMatchObject({
    ENOENT: -2, EAGAIN: -11, EINVAL: -22, EPIPE: -32, EMSGSIZE: -90, EADDRINUSE: -98, ECONNRESET: -104, ENOTCONN: -107, ETIMEDOUT: -110,
    ECONNREFUSED: -111, EHOSTUNREACH: -113, EINPROGRESS: -115,
  })
})

test('a number has one name, with either sign', () => {
  for (const [name, value] of Object.entries(Errno)) {
    expect(errnoName(value)).toBe(name)
    expect(errnoName(-value)).toBe(name)
  }
  expect(errnoName(-9999)).toBe('E9999')
})

test('drop reasons are numbered without gaps, so that counters can be an array and names be looked up in it', () => {
  expect(Object.values(DropReason)).toEqual(dropReasonNames.map((_, i) => i))
  expect(DROP_REASONS).toBe(dropReasonNames.length)
  expect(dropReasonNames[DropReason.BadChecksum]).toBe('BadChecksum')
})
