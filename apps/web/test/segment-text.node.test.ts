import { describe, expect, test } from 'vitest'
import { createArrow, distanceTo, hitSegment, placeArrow } from '../src/ladder/geometry.ts'
import type { Geometry } from '../src/ladder/geometry.ts'
import { flagsText, labelVariants, segmentDetails } from '../src/ladder/segment-text.ts'
import { silenceText } from '../src/ladder/silence-text.ts'
import { TimeAxis } from '../src/ladder/time-axis.ts'
import { narrate } from '../src/panels/narration.ts'
import { congestionWords } from '../src/transfer/congestion-words.ts'
import { presets } from '../src/transfer/presets.ts'
import type { Recording } from '../src/transfer/recording.ts'
import { Fate } from '../src/transfer/segment-table.ts'
import type { Settings } from '../src/transfer/settings.ts'
import { defaultSettings } from '../src/transfer/settings.ts'
import { Transfer } from '../src/transfer/simulation.ts'

function run(settings: Settings): Recording {
  const transfer = new Transfer(settings)
  while (transfer.run(1000));
  return transfer.recording
}

const recorded = (id: string): Recording => run(presets.find((preset) => preset.id === id)!.settings)

const textbook = recorded('textbook')
const reader = recorded('reader')
const label = (index: number): string => labelVariants(textbook.segments.row(index))[0]!

describe('labels', () => {
  test('flags are named from the lowest bit', () => {
    expect(flagsText(0x12)).toBe('SYN,ACK')
    expect(flagsText(0x11)).toBe('FIN,ACK')
  })

  test('a handshake shows sequence numbers from 0, windows and the MSS', () => {
    expect(label(0)).toBe('SYN seq=0 win=65535 mss=1460')
    expect(label(1)).toBe('SYN seq=0 ACK=1 win=65535 mss=1460')
    expect(label(2)).toBe('seq=1 len=1460 ACK=1')
    // It acknowledges nothing new.
    expect(label(3)).toBe('seq=1461 len=1460')
  })

  test('get shorter where there is less room', () => {
    for (let index = 0; index < textbook.segments.count; index++) {
      const lengths = labelVariants(textbook.segments.row(index)).map((text) => text.length)
      expect(lengths).toEqual([...lengths].sort((a, b) => b - a))
    }
  })
})

test('details of a segment name its bytes, its window and what became of it', () => {
  const details = new Map(segmentDetails(textbook.segments.row(3), undefined, undefined))
  expect(details.get('Sequence')).toBe('1,461 to 2,920')
  expect(details.get('Text')).toBe('1,460 bytes')
  expect(details.get('B')).toMatch(/^arrives \d+\.\d{3} ms, /)
})

test('a silence says which timer ended it', () => {
  const texts = reader.silences.map((silence) => silenceText(reader, silence))
  expect(texts).toContain("A's persist timer")
  expect(texts.at(-1)).toBe('A waits 2 MSL')
  const lossy = recorded('loss')
  expect(lossy.silences.map((silence) => silenceText(lossy, silence))).toContain("A's retransmission timer")
})

test.each<[string, Partial<Settings>]>([
  ['loss probe', { sendA: 40_960, loss: 3, seed: 593 }],
  ['reordering', { sendA: 14_480, loss: 10, delay: 100, rate: 0, seed: 5 }],
])('a silence is ended by the %s timer', (timer, changes) => {
  const recording = run({ ...defaultSettings, ...changes })
  expect(recording.silences.map((silence) => silenceText(recording, silence))).toContain(`A's ${timer} timer`)
})

test('what loss recovery does is told in the words of how it finds losses', () => {
  const counted = run({ ...defaultSettings, sendA: 100_000, loss: 3, sack: false, seed: 2 }).congestion
  const acknowledged = run({ ...defaultSettings, sendA: 100_000, loss: 3, seed: 2 }).congestion
  const found = (marks: Recording['congestion']) => congestionWords(marks.find(({ event }) => event === 'fast-retransmit')!).short
  expect([found(counted), found(acknowledged)]).toEqual(['3 duplicate ACKs', 'loss found'])
})

test('the narration says what happened at the present instant', () => {
  expect(narrate(textbook, 0)).toContain('Press space')
  expect(narrate(textbook, textbook.segments.endedAt.at(0) + 0.001))
    .toBe('20.176 ms   B receives SYN;  B: received a SYN, LISTEN → SYN-RECEIVED;  B sends SYN,ACK')
  expect(narrate(textbook, textbook.until)).toContain('TIME-WAIT → CLOSED')
})

describe('arrows', () => {
  const geometry: Geometry = {
    axis: new TimeAxis([], 10, 40), width: 500, height: 600, scroll: 0, lines: [100, 400], now: 1e6, delay: 20,
  }

  test('go from the sender to the receiver, and of a lost segment half way', () => {
    const lossy = recorded('loss')
    const arrow = createArrow()
    const lost = Array.from({ length: lossy.segments.count }, (_, i) => i)
      .find((i) => lossy.segments.fate.at(i) === Fate.Lost && lossy.segments.side.at(i) === 0)!
    placeArrow(geometry, lossy.segments, lost, arrow)
    expect([arrow.x0, arrow.x1]).toEqual([100, 250])
    placeArrow(geometry, lossy.segments, 1, arrow)
    expect([arrow.x0, arrow.x1]).toEqual([400, 100])
  })

  test('have come as far as the time has', () => {
    const arrow = createArrow()
    const end = textbook.segments.endedAt.at(0)
    expect(placeArrow({ ...geometry, now: end / 2 }, textbook.segments, 0, arrow)).toBe(true)
    expect(arrow.x1).toBeCloseTo(250, 6)
    expect(arrow.ended).toBe(false)
    expect(placeArrow({ ...geometry, now: end / 2 }, textbook.segments, 1, arrow)).toBe(false)
  })

  test('are found under the pointer, and nothing where there is none', () => {
    const arrow = createArrow()
    for (let index = 0; index < 3; index++) {
      placeArrow(geometry, textbook.segments, index, arrow)
      const x = arrow.x0 + (arrow.x1 - arrow.x0) * 0.1
      const y = arrow.y0 + (arrow.y1 - arrow.y0) * 0.1
      expect(distanceTo(arrow, x, y)).toBeCloseTo(0, 6)
      expect(hitSegment(geometry, textbook.segments, x, y, 7)).toBe(index)
    }
    expect(hitSegment(geometry, textbook.segments, 250, 20, 7)).toBe(-1)
  })
})
