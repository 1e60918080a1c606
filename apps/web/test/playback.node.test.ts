import { describe, expect, test } from 'vitest'
import { Playback, speeds, speedText } from '../src/playback.ts'
import type { Recording } from '../src/transfer/recording.ts'
import { presets } from '../src/transfer/presets.ts'
import { Transfer } from '../src/transfer/simulation.ts'

function recorded(id: string): Recording {
  const transfer = new Transfer(presets.find((preset) => preset.id === id)!.settings)
  while (transfer.run(1000));
  return transfer.recording
}

describe('playback', () => {
  test('virtual time passes at its speed', () => {
    const playback = new Playback(recorded('clean'))
    playback.speed = 1 / 20
    playback.playing = true
    playback.advance(1000)
    expect(playback.time).toBeCloseTo(50, 9)
  })

  test('a long silence passes in about a second, and without that in its own time', () => {
    const recording = recorded('textbook')
    const silence = recording.silences.at(-1)!
    const playback = new Playback(recording)
    playback.speed = 1 / 50
    playback.playing = true
    playback.seek(silence.from)
    playback.advance(450)
    expect(playback.time).toBeCloseTo((silence.from + silence.to) / 2, 3)
    playback.hurry = false
    playback.seek(silence.from)
    playback.advance(450)
    expect(playback.time).toBeCloseTo(silence.from + 9, 6)
  })

  test('changes its rate exactly where a silence begins and ends', () => {
    const recording = recorded('reader')
    const whole = new Playback(recording)
    const pieces = new Playback(recording)
    whole.playing = pieces.playing = true
    whole.advance(20_000)
    for (let i = 0; i < 2000; i++) pieces.advance(10)
    expect(pieces.time).toBeCloseTo(whole.time, 6)
    expect(whole.time).toBeGreaterThan(1500)
  })

  test('stops at the end and plays again from the start', () => {
    const recording = recorded('textbook')
    const playback = new Playback(recording)
    playback.speed = 200
    playback.toggle()
    playback.advance(1e6)
    expect(playback.time).toBe(recording.until)
    expect(playback.playing).toBe(false)
    expect(playback.ended).toBe(true)
    playback.toggle()
    expect([playback.time, playback.playing]).toEqual([0, true])
  })

  test('steps from event to event, and back', () => {
    const recording = recorded('textbook')
    const playback = new Playback(recording)
    const times: number[] = []
    for (let i = 0; i < 5; i++) {
      playback.step(1)
      times.push(playback.time)
    }
    // The SYN leaves at 0 and arrives after 44 bytes at 2 Mbit/s and 20 ms.
    expect(times[0]).toBeCloseTo(20.176, 6)
    expect(new Set(times).size).toBe(5)
    for (const time of times.reverse().slice(1)) {
      playback.step(-1)
      expect(playback.time).toBe(time)
    }
  })

  test('waits for what is not recorded yet, and goes to the end when it is', () => {
    const transfer = new Transfer(presets[0]!.settings)
    const playback = new Playback(transfer.recording)
    transfer.run(4)
    playback.toEnd()
    playback.advance(16)
    expect(playback.time).toBe(transfer.recording.until)
    expect(playback.ended).toBe(false)
    while (transfer.run(100));
    playback.advance(16)
    expect(playback.ended).toBe(true)
  })

  test('speeds go up and down by one and stay within bounds', () => {
    const playback = new Playback(recorded('textbook'))
    playback.speed = 1
    playback.changeSpeed(1)
    expect(playback.speed).toBe(2)
    for (let i = 0; i < 50; i++) playback.changeSpeed(-1)
    expect(playback.speed).toBe(speeds[0])
    expect([speedText(1 / 20), speedText(5)]).toEqual(['1/20 ×', '5 ×'])
  })
})
