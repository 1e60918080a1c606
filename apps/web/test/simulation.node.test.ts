import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fillChargen } from '../src/transfer/chargen.ts'
import { presets } from '../src/transfer/presets.ts'
import type { Recording, Side } from '../src/transfer/recording.ts'
import { Fate } from '../src/transfer/segment-table.ts'
import type { Settings } from '../src/transfer/settings.ts'
import { defaultSettings } from '../src/transfer/settings.ts'
import { Transfer } from '../src/transfer/simulation.ts'

/** Runs to the end in strides of `stride` instants. */
function record(changes: Partial<Settings>, stride = 1000): Recording {
  const transfer = new Transfer({ ...defaultSettings, ...changes })
  while (transfer.run(stride));
  return transfer.recording
}

const rows = ({ segments }: Recording) => Array.from({ length: segments.count }, (_, index) => segments.row(index))
const statesOf = ({ states }: Recording, side: Side) => states.filter((change) => change.side === side).map(({ to }) => to)

const bad: Partial<Settings> = {
  sendA: 200_000, sendB: 50_000, loss: 2, reorder: 3, duplicate: 2, jitter: 3, queue: 20, seed: 11,
}

/** Packets that come twice, and such as come when nothing else is under way. */
const stragglers: Partial<Settings> = {
  sendA: 60_000, duplicate: 30, reorder: 20, readerPause: 1000, readerRate: 20, receiveBuffer: 8192,
}

describe('a recorded transfer', () => {
  test('the same settings give the same recording, however it is cut into slices', () => {
    const one = record(bad)
    const other = record(bad, 7)
    expect(rows(other)).toEqual(rows(one))
    expect(other.states).toEqual(one.states)
    expect(other.congestion).toEqual(one.congestion)
    expect(other.samples[0].columns.cwnd.view()).toEqual(one.samples[0].columns.cwnd.view())
    expect(other.until).toBe(one.until)
    expect(one.segments.count).toBeGreaterThan(200)
  })

  test('another seed gives another recording', () => {
    expect(rows(record({ ...bad, seed: 12 }))).not.toEqual(rows(record(bad)))
  })

  test('both sides have the bytes of RFC 864 and their digest, in both directions', () => {
    const recording = record(bad)
    for (const [side, count] of [[0, 200_000], [1, 50_000]] as const) {
      const bytes = new Uint8Array(count)
      fillChargen(bytes, count, 0)
      const digest = createHash('sha256').update(bytes).digest('hex')
      expect(recording.sent[side]).toMatchObject({ bytes: count, sha256: digest })
      expect(recording.received[side]).toMatchObject({ bytes: count, sha256: digest })
    }
  })

  test('5,000 bytes at MSS 1460 are segments of 1460, 1460, 1460 and 620 bytes', () => {
    const recording = record(presets.find(({ id }) => id === 'textbook')!.settings)
    expect(rows(recording).filter(({ length }) => length > 0).map(({ sequence, length }) => [sequence, length]))
      .toEqual([[1, 1460], [1461, 1460], [2921, 1460], [4381, 620]])
    expect(statesOf(recording, 0)).toEqual(['SYN-SENT', 'ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED'])
    expect(statesOf(recording, 1)).toEqual(['SYN-RECEIVED', 'ESTABLISHED', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'])
  })

  test('RFC 9293 §3.5, §3.6: both open at once and close at once by way of SYN-RECEIVED and CLOSING', () => {
    const recording = record({ sendA: 5000, sendB: 5000, open: 'both', close: 'both' })
    for (const side of [0, 1] as const) {
      expect(statesOf(recording, side)).toEqual(
        ['SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1', 'CLOSING', 'TIME-WAIT', 'CLOSED'],
      )
    }
    expect(rows(recording).filter(({ again }) => again !== 0)).toEqual([])
  })

  test('both close at once only when both have everything', () => {
    const recording = record({ sendA: 5000, sendB: 50_000, close: 'both' })
    expect(statesOf(recording, 0)).toContain('CLOSING')
    expect(statesOf(recording, 1)).toContain('CLOSING')
  })

  test('B closes first when it is told to', () => {
    const recording = record({ sendA: 0, sendB: 5000, close: 'b' })
    expect(statesOf(recording, 1)).toContain('TIME-WAIT')
    expect(statesOf(recording, 0)).toContain('LAST-ACK')
    expect(recording.received[1]?.bytes).toBe(5000)
  })

  test('nobody listens: the connection is refused', () => {
    const recording = record({ open: 'refused' })
    expect(recording.errors).toEqual(['ECONNREFUSED', undefined])
    expect(statesOf(recording, 0)).toEqual(['SYN-SENT', 'CLOSED'])
  })

  test('a reader that sleeps closes the window, and the sender probes it', () => {
    const recording = record(presets.find(({ id }) => id === 'reader')!.settings)
    expect(rows(recording).some(({ side, window, flags }) => side === 1 && window === 0 && (flags & 4) === 0)).toBe(true)
    expect(rows(recording).some(({ again, length }) => again === 4 && length === 1)).toBe(true)
    expect(recording.received[0]?.bytes).toBe(98_304)
  })

  test('every segment has an end, no sooner than it left, and every drop is counted', () => {
    const recording = record(bad)
    for (const { fate, startedAt, transmittedAt, departedAt, endedAt } of rows(recording)) {
      expect(fate).not.toBe(Fate.Pending)
      expect(startedAt).toBeGreaterThanOrEqual(transmittedAt)
      expect(departedAt).toBeGreaterThanOrEqual(startedAt)
      expect(endedAt).toBeGreaterThanOrEqual(startedAt)
    }
    const dropped = rows(recording).filter(({ fate }) => fate === Fate.Lost || fate === Fate.QueueFull)
    expect(dropped.length).toBeGreaterThan(0)
    expect(recording.segments.drops[0].length + recording.segments.drops[1].length).toBe(dropped.length)
    expect(rows(recording).some(({ copyAt }) => !Number.isNaN(copyAt))).toBe(true)
    for (const side of [0, 1] as const) {
      const own = rows(recording).filter((row) => row.side === side)
      expect([...recording.segments.starts[side].view()]).toEqual(own.map(({ startedAt }) => startedAt))
    }
  })

  test('the retransmissions that are drawn are those that the stack counts', () => {
    const recording = record({ sendA: 400_000, loss: 2, seed: 3 })
    const sample = recording.samples[0].at(recording.until)!
    expect(sample.retransmissions).toBeGreaterThan(0)
    expect(rows(recording).filter(({ side, again }) => side === 0 && again !== 0).length).toBe(sample.retransmissions)
  })

  const eventsOf = (recording: Recording): string[] => recording.congestion.filter(({ side }) => side === 0).map(({ event }) => event)
  const ofPreset = (id: string): Recording => record(presets.find((preset) => preset.id === id)!.settings)
  const retransmissions = (recording: Recording): number => recording.samples[0].at(recording.until)!.retransmissions

  test('1 % loss: NewReno finds losses by three duplicate ACKs and by the timer', () => {
    const recording = ofPreset('loss')
    expect(eventsOf(recording)).toContain('fast-retransmit')
    expect(eventsOf(recording)).toContain('timeout')
    expect(recording.congestion.every(({ sack }) => !sack)).toBe(true)
  })

  test('lost tail: a probe repairs it; without one the retransmission timer does, later', () => {
    const probed = ofPreset('probe')
    expect(eventsOf(probed)).toEqual(['loss-probe'])
    const { settings } = presets.find(({ id }) => id === 'probe')!
    const timed = record({ ...settings, tailLossProbe: false })
    expect(eventsOf(timed)).toEqual(['timeout', 'recovery-exit'])
    expect(probed.received[0]!.time).toBeLessThan(timed.received[0]!.time - 50)
  })

  test('false alarm: a timeout without a loss, and the window is what it was', () => {
    const recording = ofPreset('spurious')
    expect(recording.segments.drops.map(({ length }) => length)).toEqual([0, 0])
    expect(eventsOf(recording)).toEqual(['timeout', 'undo'])
    const [timeout, undo] = recording.congestion
    const cwnd = (time: number): number => recording.samples[0].at(time)!.cwnd
    expect(cwnd(timeout!.time)).toBe(1448)
    expect(cwnd(undo!.time)).toBeGreaterThanOrEqual(cwnd(timeout!.time - 1))
  })

  test('RACK: late segments are taken for lost once, and not again', () => {
    const recording = ofPreset('rack')
    expect(eventsOf(recording)).toEqual(['fast-retransmit', 'undo'])
    expect(retransmissions(recording)).toBe(1)
    const undone = recording.congestion.at(-1)!.time
    const late = rows(recording).filter(({ side, reordered, startedAt }) => side === 0 && reordered && startedAt > undone)
    expect(late.length).toBeGreaterThan(3)
  })

  test('reordering: without SACK a segment is sent again for nothing, and its timestamp says so', () => {
    const recording = ofPreset('reordering')
    expect(eventsOf(recording)).toEqual(['fast-retransmit', 'undo'])
  })

  test('on the same link: Tahoe closes the window, Reno waits for timers, NewReno and CUBIC do not, BBR loses least of the modern ones', () => {
    const [tahoe, reno, newReno, cubic, bbr] = ['tahoe', 'reno', 'newreno', 'cubic', 'bbr'].map(ofPreset) as [
      Recording, Recording, Recording, Recording, Recording,
    ]
    const windowAt = (recording: Recording, event: string): number => {
      return recording.samples[0].at(recording.congestion.find((mark) => mark.event === event)!.time)!.cwnd
    }
    expect(windowAt(tahoe, 'fast-retransmit')).toBe(1448)
    expect(windowAt(reno, 'fast-retransmit')).toBeGreaterThan(5 * 1448)
    expect([tahoe, reno, newReno, cubic, bbr].map((recording) => eventsOf(recording).includes('timeout')))
      .toEqual([false, true, false, false, false])
    for (const recording of [newReno, cubic]) expect(bbr.segments.drops[0].length).toBeLessThan(recording.segments.drops[0].length)
    const ends = [reno, cubic].map(({ received }) => received[0]!.time)
    expect(ends[1]!).toBeLessThan(ends[0]!)
    expect(bbr.samples[0].at(1000)!.pacingRate).toBeGreaterThan(0)
    expect(cubic.samples[0].at(1000)!.pacingRate).toBe(0)
  })

  test('the window and what is done with it are those that the stack traces', () => {
    const windows: [number, number, number][] = []
    const phases: string[] = []
    const settings = { ...defaultSettings, sendA: 300_000, loss: 2, seed: 4, congestion: 'bbr' } as const
    const transfer = new Transfer(settings, [{
      congestionTrace: (_tcb, { cwnd, ssthresh, phase }, time) => {
        windows.push([time, cwnd, ssthresh])
        if (phase !== phases.at(-1)) phases.push(phase)
      },
    }, undefined])
    while (transfer.run(1000));
    const { recording } = transfer
    for (const [i, [time, cwnd, ssthresh]] of windows.entries()) {
      // The last of several in one instant is what shows.
      if (windows[i + 1]?.[0] === time) continue
      expect(recording.samples[0].at(time)).toMatchObject({ cwnd, ssthresh })
    }
    const told = recording.phases.filter(({ side }) => side === 0).map(({ phase }) => phase.replace(/,.*/, ''))
    expect(told.filter((phase, i) => phase !== told[i - 1])).toEqual(phases)
    expect(recording.phaseAt(0, recording.phases[0]!.time)).toBe('startup')
    expect(recording.phaseAt(0, 0)).toBeUndefined()
  })

  test.each<[string, Partial<Settings>]>([
    ['a slow reader', presets.find(({ id }) => id === 'reader')!.settings],
    ['copies and stragglers', stragglers],
  ])('%s: a silence has no packet on the link', (_name, settings) => {
    const recording = record(settings)
    expect(recording.silences.length).toBeGreaterThan(2)
    for (const { from, to } of recording.silences) {
      const during = rows(recording).filter(({ transmittedAt, endedAt, copyAt }) =>
        transmittedAt < to - 1e-9 && (endedAt > from + 1e-9 || copyAt > from + 1e-9))
      expect(during).toEqual([])
    }
  })

  test('every pause without a packet is a silence', () => {
    const recording = record(stragglers)
    let busyUntil = 0
    const pauses: [number, number][] = []
    for (const { transmittedAt, endedAt, copyAt } of rows(recording)) {
      if (transmittedAt - busyUntil >= 2) pauses.push([busyUntil, transmittedAt])
      busyUntil = Math.max(busyUntil, endedAt, Number.isNaN(copyAt) ? 0 : copyAt)
    }
    pauses.push([busyUntil, recording.until])
    expect(recording.silences.map(({ from, to }) => [from, to])).toEqual(pauses)
  })

  test('more bytes than the send buffer holds are hashed once each', () => {
    const recording = record({ sendA: 1_500_000, rate: 0, delay: 1 })
    const bytes = new Uint8Array(1_500_000)
    fillChargen(bytes, bytes.length, 0)
    expect(recording.sent[0]?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(recording.received[0]?.sha256).toBe(recording.sent[0]?.sha256)
  })

  test('every preset ends, with both hosts closed', () => {
    for (const { settings } of presets.filter(({ id }) => id !== 'long')) {
      const recording = record(settings)
      expect(recording.cut).toBeUndefined()
      expect(recording.stateAt(0, recording.until)).toBe('CLOSED')
      expect(recording.stateAt(1, recording.until)).toBe('CLOSED')
    }
  })

  test('what can be reached from one event to the next is everything that happens', () => {
    const recording = record({ sendA: 20_000, loss: 5, seed: 2 })
    const visited: number[] = []
    for (let time = -1; time !== Infinity; time = recording.nextEvent(time)) visited.push(time)
    for (const { startedAt, endedAt, fate } of rows(recording)) {
      if (fate !== Fate.QueueFull) expect(visited).toContain(startedAt)
      expect(visited).toContain(endedAt)
    }
    for (const { time } of recording.states) expect(visited).toContain(time)
    // And the same way back.
    const back: number[] = []
    for (let time = Infinity; (time = recording.previousEvent(time)) !== -Infinity;) back.push(time)
    expect(back.reverse()).toEqual(visited.slice(1))
  })
})
