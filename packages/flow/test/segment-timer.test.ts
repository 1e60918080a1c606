import { describe, expect, test } from 'vitest'
import {
  createRttEstimator, createSegmentTimer, rtoBackOff, rttSample, segmentAcked, segmentRetransmitted, segmentSent,
} from '../src/index.ts'

describe('timing one segment', () => {
  test('the ACK that covers the timed segment gives its round trip, once', () => {
    const timer = createSegmentTimer()
    segmentSent(timer, 1460, 10)
    expect(segmentAcked(timer, 1460, 95)).toBe(85)
    expect(segmentAcked(timer, 1460, 96)).toBe(-1)
  })

  test('an ACK that covers only part of the timed segment gives nothing, and timing goes on', () => {
    const timer = createSegmentTimer()
    segmentSent(timer, 1460, 10)
    expect(segmentAcked(timer, 1459, 50)).toBe(-1)
    expect(segmentAcked(timer, 2920, 60)).toBe(50)
  })

  test('one segment is timed at a time: later ones do not restart the clock', () => {
    const timer = createSegmentTimer()
    segmentSent(timer, 1460, 10)
    segmentSent(timer, 2920, 30)
    expect(segmentAcked(timer, 2920, 110)).toBe(100)
    segmentSent(timer, 4380, 200)
    expect(segmentAcked(timer, 4380, 260)).toBe(60)
  })

  test('RFC 6298 §3, Karn: a segment that was retransmitted gives no sample', () => {
    const timer = createSegmentTimer()
    segmentSent(timer, 1460, 0)
    segmentRetransmitted(timer, 0)
    expect(segmentAcked(timer, 1460, 1100)).toBe(-1)
    segmentSent(timer, 2920, 1100)
    expect(segmentAcked(timer, 2920, 1200)).toBe(100)
  })

  test('RFC 6298 §3, Karn: nor does one whose ACK waited for earlier data to be retransmitted', () => {
    const timer = createSegmentTimer()
    segmentSent(timer, 5000, 0)
    segmentRetransmitted(timer, 1000)
    expect(segmentAcked(timer, 5000, 400)).toBe(-1)
  })

  test('a retransmission after the timed segment does not spoil it', () => {
    const timer = createSegmentTimer()
    segmentSent(timer, 1460, 0)
    segmentRetransmitted(timer, 1460)
    expect(segmentAcked(timer, 1460, 80)).toBe(80)
  })

  test('a retransmission while nothing is timed does not spoil the next segment', () => {
    const timer = createSegmentTimer()
    segmentRetransmitted(timer, 0)
    segmentSent(timer, 1460, 5)
    expect(segmentAcked(timer, 1460, 45)).toBe(40)
  })

  test('offsets beyond 2^32 are plain numbers', () => {
    const timer = createSegmentTimer()
    segmentSent(timer, 2 ** 33, 0)
    expect(segmentAcked(timer, 2 ** 32, 5)).toBe(-1)
    expect(segmentAcked(timer, 2 ** 33, 10)).toBe(10)
  })

  test('Karn with RFC 6298 §5: the backed-off RTO stays until a segment gets through without retransmission', () => {
    const e = createRttEstimator()
    const timer = createSegmentTimer()
    const ack = (offset: number, now: number): void => {
      const rtt = segmentAcked(timer, offset, now)
      if (rtt >= 0) rttSample(e, rtt)
    }
    segmentSent(timer, 100, 0)
    ack(100, 100)
    expect(e.rto).toBe(300)
    segmentSent(timer, 200, 100)
    rtoBackOff(e)
    segmentRetransmitted(timer, 100)
    ack(200, 500)
    expect(e.rto).toBe(600)
    segmentSent(timer, 300, 500)
    ack(300, 600)
    expect(e.rto).toBe(250)
  })
})
