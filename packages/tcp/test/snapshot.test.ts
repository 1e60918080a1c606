import { Arena } from '@layerfour/storage'
import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { ConnectionSnapshot } from '../src/index.ts'
import { decodeSnapshot, encodeSnapshot, State, Tcp } from '../src/index.ts'
import { Script, SECRET } from './harness.ts'
import type { Impairments, Pair, End } from './two-tcps.ts'
import { run } from './two-tcps.ts'

/** Throws a side's whole TCP away and goes on in a new one, by another clock. */
function migrate(pair: Pair, end: End, side: 0 | 1): void {
  const snapshot = end.connection.snapshot(pair.now + pair.ahead[side])
  const bytes = encodeSnapshot(snapshot)
  pair.tcps[side].release(end.connection)
  expect(pair.tcps[side].size).toBe(0)
  expect(pair.arenas[side].used).toBe(0)

  pair.ahead[side] = 1_000_000.25 - pair.ahead[side]
  pair.tcps[side] = new Tcp(pair.networks[side], { arena: pair.arenas[side], secret: Int32Array.of(9, 9, 9, 9), msl: 1000 })
  const restored = pair.tcps[side].restore(decodeSnapshot(bytes) as ConnectionSnapshot, pair.now + pair.ahead[side])
  if (typeof restored === 'number') throw new Error(`restore: ${restored}`)
  end.connection = restored
}

describe('snapshot and restore of a live connection', () => {
  const impairments: Impairments = { loss: 0.05, duplicate: 0.02, corrupt: 0, delay: 10, jitter: 5 }

  test('both ends move again and again, text in flight both ways, and neither side notices', () => {
    for (let seed = 1; seed <= 20; seed++) {
      let steps = 0
      let moves = 0
      run(seed, impairments, [40_000, 40_000], {}, (pair, ends) => {
        if (ends.length < 2 || ++steps % 23 !== 0) return
        for (const side of [0, 1] as const) {
          const { state } = ends[side]!.connection
          if (state === State.CLOSED || state === State['TIME-WAIT']) continue
          migrate(pair, ends[side]!, side)
          moves++
        }
      })
      expect(moves).toBeGreaterThan(4)
    }
  })

  test('out-of-order text moves too', () => {
    const script = new Script().establish()
    script.send({ flags: 'A', seq: 505, ack: 101, text: 'efgh' })
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'ab' })
    script.poll()
    const snapshot = decodeSnapshot(encodeSnapshot(script.connection.snapshot(script.now))) as ConnectionSnapshot
    script.tcp.release(script.connection)
    script.connection = script.tcp.restore(snapshot, script.now) as typeof script.connection
    script.send({ flags: 'A', seq: 503, ack: 101, text: 'cd' })
    expect(script.read()).toBe('abcdefgh')
  })

  test('the fingerprint is the same after a move, wherever the bytes and the clock are, and differs with the state', () => {
    const script = new Script().establish()
    script.write('some text')
    script.poll()
    const before = script.connection.fingerprint(script.now)
    const snapshot = script.connection.snapshot(script.now)
    const other = new Script()
    other.arena.allocate(4096)
    other.now = 77_000
    const restored = other.tcp.restore(snapshot, other.now)
    if (typeof restored === 'number') throw new Error(`restore: ${restored}`)
    expect(restored.fingerprint(other.now)).toBe(before)
    other.connection = restored
    other.write('!')
    expect(restored.fingerprint(other.now)).not.toBe(before)
  })

  test('two of the same cannot live in one place, and a released one is dead', () => {
    const script = new Script().establish()
    const snapshot = script.connection.snapshot(script.now)
    expect(script.tcp.restore(snapshot, script.now)).toBe(Errno.EADDRNOTAVAIL)
    script.tcp.release(script.connection)
    script.quiet()
    expect(script.write('x')).toBe(Errno.EBADF)
    expect(script.read()).toBe(Errno.EBADF)
    script.connection.abort(script.now)
    script.quiet()
  })

  test('memory that is too small refuses it and keeps nothing', () => {
    const script = new Script().establish({}, { window: 0 })
    script.write(50_000)
    const snapshot = script.connection.snapshot(script.now)
    const arena = new Arena(1 << 14)
    const small = new Tcp(script.network, { arena, secret: SECRET })
    expect(small.restore(snapshot, 0)).toBe(Errno.ENOBUFS)
    expect(arena.used).toBe(0)
  })

  test('a snapshot of another version is refused with what was got', () => {
    const script = new Script().establish()
    const snapshot = { ...script.connection.snapshot(0), version: 2 } as unknown as ConnectionSnapshot
    script.tcp.release(script.connection)
    expect(() => script.tcp.restore(snapshot, 0)).toThrow('snapshot version is 2, expected 1')
  })
})
