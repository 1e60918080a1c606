import { describe, expect, it } from 'vitest'
import { parseByteCount, parseDuration, parseInteger, parseProbability, parseQueue, parseRate } from '../src/units.ts'

describe('rates', () => {
  it.each([
    ['10mbit', 10e6], ['10Mbit/s', 10e6], ['1.5gbit', 1.5e9], ['512 kbit', 512e3], ['64000', 64_000], ['8bit', 8], ['unlimited', Infinity],
  ])('%s', (text, rate) => expect(parseRate(text)).toBe(rate))

  it.each(['', '0', '-1', '10mb', '10mbps', 'fast', '1e9', '10mbit/h', '1.', '.', '1  mbit'])('%j is none', (text) => {
    expect(() => parseRate(text)).toThrow('Expected bits per second')
  })
})

describe('times', () => {
  it.each([['20ms', 20], ['1.5s', 1500], ['300us', 0.3], ['300µs', 0.3], ['20', 20], ['0', 0]])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '-1ms', '20m', 'soon', 'Infinity'])('%j is none', (text) => expect(() => parseDuration(text)).toThrow('Expected a time'))
})

describe('probabilities', () => {
  it.each([['1%', 0.01], ['7%', 0.07], ['0.1 %', 0.001], ['0.5', 0.5], ['.5', 0.5], ['0', 0], ['100%', 1], ['1.0%', 0.01]])('%s', (text, value) => {
    expect(parseProbability(text)).toBe(value)
  })

  it('a bare 1 may mean 1 % or always, so it is refused', () => {
    expect(() => parseProbability('1')).toThrow('1% for one in a hundred')
  })

  it.each(['', '101%', '1.1', '-0.1', 'often'])('%j is none', (text) => expect(() => parseProbability(text)).toThrow('Expected a probability'))
})

describe('queues', () => {
  it.each([
    ['100', { packets: 100 }], ['100packets', { packets: 100 }], ['1 packet', { packets: 1 }], ['7p', { packets: 7 }],
    ['64kB', { bytes: 64_000 }], ['256KiB', { bytes: 262_144 }], ['1500b', { bytes: 1500 }],
  ])('%s', (text, queue) => expect(parseQueue(text)).toEqual(queue))

  it.each(['', '1.5', '0.3b', 'long', '-1'])('%j is none', (text) => expect(() => parseQueue(text)).toThrow('Expected packets or bytes'))
})

describe('sizes', () => {
  it.each([['10MiB', 10_485_760], ['50MB', 50e6], ['1500', 1500], ['0', 0], ['1.5k', undefined], ['1.5KiB', 1536]])('%s', (text, bytes) => {
    if (bytes === undefined) expect(() => parseByteCount(text)).toThrow('Expected a size')
    else expect(parseByteCount(text)).toBe(bytes)
  })

  it('half a byte is none', () => expect(() => parseByteCount('0.5')).toThrow('Expected a size'))
})

describe('whole numbers', () => {
  const parse = parseInteger(68, 65_535)
  it.each([['68', 68], ['1500', 1500], ['65535', 65_535]])('%s', (text, value) => expect(parse(text)).toBe(value))
  it.each(['67', '65536', '1500.5', '', '0x5dc', '1e3'])('%j is out', (text) => {
    expect(() => parse(text)).toThrow('Expected a whole number from 68 to 65535.')
  })
})
