import { describe, expect, it } from 'vitest'
import { formatBytes, formatCount, formatDuration, formatEndpoint, formatPercent, formatRate, formatTime } from '../src/format.ts'

describe('figures as people read them', () => {
  it.each([[0, '0'], [999, '999'], [1000, '1,000'], [10_485_760, '10,485,760']])('count %d', (count, text) => {
    expect(formatCount(count)).toBe(text)
  })

  it.each([[0, '0 B'], [1023, '1,023 B'], [1024, '1.00 KiB'], [10_485_760, '10.0 MiB'], [2 ** 50, '1024.0 TiB']])('%d bytes', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it.each([[500, '500 bit/s'], [10e6, '10.0 Mbit/s'], [8_361_234, '8.36 Mbit/s'], [Infinity, 'unlimited']])('%d bit/s', (rate, text) => {
    expect(formatRate(rate)).toBe(text)
  })

  it.each([[0, '0 ms'], [0.3, '300 µs'], [20, '20 ms'], [14.2345, '14.2 ms'], [65_432, '65.4 s'], [1500, '1.5 s']])('%d ms', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it.each([[0, '0.000 ms'], [9172.1509, '9,172.151 ms'], [3002.5479999, '3,002.548 ms'], [0.9999, '1.000 ms']])('moment %d', (ms, text) => {
    expect(formatTime(ms)).toBe(text)
  })

  it.each([['10.0.0.2', 80, '10.0.0.2:80'], ['fd09::2', 80, '[fd09::2]:80'], ['::', '*', '[::]:*']])('%s, port %s', (hostname, port, text) => {
    expect(formatEndpoint(hostname, port)).toBe(text)
  })

  it.each([[0.01, '1 %'], [0.8361, '83.6 %'], [1, '100 %'], [0.001, '0.1 %']])('share %d', (share, text) => expect(formatPercent(share)).toBe(text))
})
