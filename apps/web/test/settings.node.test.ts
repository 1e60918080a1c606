import { describe, expect, test } from 'vitest'
import { formatExactBytes, parseBytes } from '../src/format.ts'
import { commandLine } from '../src/transfer/command-line.ts'
import { presets } from '../src/transfer/presets.ts'
import { clampNumber, defaultSettings, settingsFromHash, settingsToHash } from '../src/transfer/settings.ts'

describe('settings', () => {
  test('go into the address and come back', () => {
    for (const { settings } of presets) expect(settingsFromHash(`#${settingsToHash(settings)}`)).toEqual(settings)
    expect(settingsToHash(defaultSettings)).toBe('')
  })

  test('an address that makes no sense gives the defaults, and figures out of range the nearest', () => {
    const hash = '#loss=1000&seed=abc&open=sideways&congestion=hybla&pacing=1&nagle=maybe&rate=&toString=1&constructor=2&delay=-5&mtu=1200.4&unknown=1'
    expect(settingsFromHash(hash)).toEqual({ ...defaultSettings, loss: 100, delay: 0, mtu: 1200 })
  })

  test('the congestion control is one of those that there are', () => {
    expect(settingsFromHash('#congestion=bbr&pacing=true')).toEqual({ ...defaultSettings, congestion: 'bbr', pacing: true })
    expect(settingsFromHash('#congestion=fixed%3A10').congestion).toBe('fixed:10')
  })

  test('figures are kept within their bounds', () => {
    expect(clampNumber('loss', 250)).toBe(100)
    expect(clampNumber('queue', 2.6)).toBe(3)
    expect(clampNumber('seed', NaN)).toBeUndefined()
  })
})

test.each([
  ['5000', 5000], ['5,000', 5000], ['64k', 65_536], ['64 KiB', 65_536], ['1.5M', 1_572_864], ['10 MiB', 10_485_760],
  ['x', NaN], ['', NaN], ['1x', NaN],
])('%j means %d bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes)
})

test('bytes are written so that they read back exactly', () => {
  for (const bytes of [0, 1, 1023, 1024, 5000, 98_304, 262_144, 1_048_576, 1_048_577, 10_485_760]) {
    expect(parseBytes(formatExactBytes(bytes))).toBe(bytes)
  }
})

describe('the command line', () => {
  test('says what differs from what l4 transfer does by itself', () => {
    expect(commandLine(presets.find(({ id }) => id === 'long')!.settings)).toBe('l4 transfer')
    expect(commandLine(presets.find(({ id }) => id === 'probe')!.settings))
      .toBe('l4 transfer --size 40KiB --delay 20ms --loss 3% --reorder 0% --seed 593')
    expect(commandLine({ ...presets.find(({ id }) => id === 'reno')!.settings, pacing: true }))
      .toBe('l4 transfer --size 2MiB --rate 5mbit --delay 25ms --loss 0% --reorder 0% --queue 20packets --congestion reno --pacing')
    expect(commandLine({ ...defaultSettings, sendA: 5000, rate: 0, delay: 5, loss: 0.1, reorder: 1, queue: 8 }))
      .toBe('l4 transfer --size 5000 --rate unlimited --loss 0.1% --queue 8packets')
  })

  test('is silent where it cannot say it', () => {
    expect(commandLine({ ...defaultSettings, open: 'both' })).toBeUndefined()
    expect(commandLine({ ...defaultSettings, timestamps: false })).toBeUndefined()
  })
})
