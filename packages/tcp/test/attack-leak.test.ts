import { expect, test } from 'vitest'
import { State } from '../src/index.ts'
import { Script, describe as seg } from './harness.ts'

function run(script: Script, ms: number, step = 1000): void {
  for (let t = 0; t < ms; t += step) { script.poll(); script.advance(step) }
  script.poll()
}

test('LAST-ACK/FIN-WAIT-1: one ACK with window 0, then silence: the user timeout still ends the connection', () => {
  const script = new Script().establish()
  script.connection.close(script.now)
  script.poll()
  script.send({ flags: 'A', seq: 501, ack: 101, window: 0 })
  run(script, 3_600_000)
  expect(script.connection.state).toBe(State.CLOSED)
})

test('control: without the window 0 ACK it ends', () => {
  const script = new Script().establish()
  script.connection.close(script.now)
  script.poll()
  script.send({ flags: 'A', seq: 501, ack: 101, window: 1000 })
  run(script, 3_600_000)
  expect(script.connection.state).toBe(State.CLOSED)
})

test('deferred accept + SYN cookie, then silence: the block goes away by itself', () => {
  const script = new Script()
  const listener = script.listen({ halfOpen: 1, deferAccept: 5000 })
  script.send({ flags: 'S', seq: 500, mss: 1460 })
  script.poll()
  for (let i = 1; i <= 20; i++) {
    script.remotePort = 40_000 + i
    script.network.sent.length = 0
    script.send({ flags: 'S', seq: 500, mss: 1460 })
    script.poll()
    const sa = script.network.sent.splice(0).map(seg).find((s) => s.flags === 'SA')!
    script.send({ flags: 'A', seq: 501, ack: sa.seq + 1 })
  }
  run(script, 3_600_000)
  const left = { size: script.tcp.size, halfOpen: listener.halfOpen, deadline: script.tcp.deadline }
  expect(left).toEqual({ size: 0, halfOpen: 0, deadline: Infinity })
})

test('an orphan (closed by its user) whose peer answers probes with window 0 does not live for ever', () => {
  const script = new Script().establish()
  script.send({ flags: 'A', seq: 501, ack: 101, window: 0 })
  script.write(60_000)
  script.connection.close(script.now)
  for (let t = 0; t < 6 * 3600; t++) {
    script.poll()
    if (script.network.sent.splice(0).length > 0) script.send({ flags: 'A', seq: 501, ack: 101, window: 0 })
    script.advance(1000)
  }
  expect({ state: script.connection.state, memory: script.arena.used }).toEqual({ state: State.CLOSED, memory: 0 })
})

test('one 1-byte segment at the far edge of the window does not reserve the whole window', () => {
  const script = new Script({ receiveBuffer: 1 << 22, initialBuffer: 1 << 22, windowScaling: true }).establish({}, { scale: 7 })
  const edge = 500 + script.connection.tcb.window.rightEdge
  script.send({ flags: 'A', seq: edge, ack: 101, text: 'x' })
  expect(script.arena.used).toBeLessThanOrEqual(65_536)
})

test.each([
  { inUse: 0, room: 65_536 },
  { inUse: 0.5, room: 16_384 },
])('text out of order is kept up to $room bytes ahead while $inUse of the memory is in use', ({ inUse, room }) => {
  const script = new Script({ receiveBuffer: 1 << 20, initialBuffer: 1 << 20, windowScaling: true }).establish({}, { scale: 7 })
  if (inUse > 0) script.arena.allocate(script.arena.capacity * inUse)
  script.arena.allocate(256)
  // The window of a SYN,ACK is not scaled; the ACK of this one tells of all of it.
  script.send({ flags: 'A', seq: 501, ack: 101, text: 'w' })
  script.advance(40).poll()
  script.send({ flags: 'A', seq: 502 + room - 1, ack: 101, text: 'x' })
  expect(script.connection.info().outOfOrder).toBe(1)
  script.send({ flags: 'A', seq: 502 + room, ack: 101, text: 'y' })
  expect(script.connection.info().outOfOrder).toBe(1)
})
