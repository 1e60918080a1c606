import { bbr } from '@layerfour/flow'
import { Errno } from '@layerfour/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Connection, TcpListener, TcpOptions } from '../src/index.ts'
import { decodeSnapshot, encodeSnapshot, State } from '../src/index.ts'
import { ParkedBlocks } from '../src/parked-block.ts'
import { ParkingQueue } from '../src/parking-queue.ts'
import type { TestSegment } from './harness.ts'
import { Script, wireSequence } from './harness.ts'

const PARK_AFTER = 100
const all: Partial<TcpOptions> = { parkAfter: PARK_AFTER, sack: true, windowScaling: true, timestamps: true }
const peer: Partial<TestSegment> = { timestamps: [7, 1000], sackPermitted: true, scale: 3 }

/** So long that a connection with nothing to do is parked. */
function rest(script: Script): Script {
  for (let turns = 0; turns < 3; turns++) script.advance(PARK_AFTER).quiet()
  return script
}

/** Whatever can be asked of a connection without waking it. */
function everything({ connection, now }: Script): unknown {
  return {
    state: connection.state, fingerprint: connection.fingerprint(now), snapshot: connection.snapshot(now), info: connection.info(),
    settings: connection.settings, readable: connection.readable, writable: connection.writable, urgent: connection.urgent,
    control: connection.congestionControl, events: connection.takeEvents(), error: connection.takeError(),
  }
}

describe('a quiet connection', () => {
  test('gives its block up, looks as before to whoever asks, and has it back when it is needed', () => {
    const script = new Script(all).establish({}, peer)
    script.write('ping')
    script.expect({ flags: 'PA', text: 'ping', seq: 101, ack: 501 })
    script.send({ flags: 'PA', seq: 501, ack: 105, text: 'pong', timestamps: [9, 1000] })
    expect(script.read()).toBe('pong')
    script.news()
    script.poll().network.sent.splice(0)
    script.advance(50).expect({ flags: 'A', seq: 105, ack: 505 })
    script.advance(PARK_AFTER)
    const before = everything(script)
    const block = script.connection.tcb
    expect(script.connection.parked).toBe(false)
    script.quiet()
    expect(script.connection.parked).toBe(true)
    expect(everything(script)).toEqual(before)
    expect(script.connection.parked).toBe(true)
    expect(script.tcp.deadline).toBe(Infinity)
    expect(script.tcp.size).toBe(1)

    const again = script.connection.tcb
    expect(script.connection.parked).toBe(false)
    expect(again).not.toBe(block)
    // But for memory that is not needed.
    expect({ ...again, recovery: { ...again.recovery, sent: null } }).toEqual({ ...block, recovery: { ...block.recovery, sent: null } })
    // Those that have the same settings go on sharing them.
    expect(again.settings).toBe(block.settings)
    expect(everything(script)).toEqual(before)
    rest(script)
    expect(script.connection.parked).toBe(true)
  })

  test.each<[string, TestSegment, TestSegment[]]>([
    ['text', { flags: 'PA', seq: 501, ack: 101, text: 'late' }, [{ flags: 'A', seq: 101, ack: 505 }]],
    ['text out of order', { flags: 'PA', seq: 505, ack: 101, text: 'late' }, [{ flags: 'A', seq: 101, ack: 501 }]],
    ['a FIN', { flags: 'FA', seq: 501, ack: 101 }, [{ flags: 'A', seq: 101, ack: 502 }]],
    ['a keepalive probe', { flags: 'A', seq: 500, ack: 101 }, [{ flags: 'A', seq: 101, ack: 501 }]],
    ['an ACK of what was never sent', { flags: 'A', seq: 501, ack: 999 }, [{ flags: 'A', seq: 101, ack: 501 }]],
    ['a SYN', { flags: 'S', seq: 501 }, [{ flags: 'A', seq: 101, ack: 501 }]],
    ['a reset', { flags: 'R', seq: 501 }, []],
  ])('wakes up for %s', (_name, segment, answer) => {
    const script = rest(new Script({ parkAfter: PARK_AFTER, quickAcks: 16 }).establish())
    expect(script.connection.parked).toBe(false)
    script.news()
    rest(script)
    expect(script.connection.parked).toBe(true)
    script.send(segment)
    script.expect(...answer)
    expect(script.connection.parked).toBe(false)
    if (segment.flags === 'R') expect(script.connection.takeError()).toBe(Errno.ECONNRESET)
  })

  test('wakes up for its user, and closes', () => {
    const script = new Script({ parkAfter: PARK_AFTER }).establish()
    script.news()
    rest(script)
    script.write('abc')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: 'abc' })
    script.send({ flags: 'A', seq: 501, ack: 104 })
    rest(script)
    expect(script.connection.parked).toBe(true)
    script.connection.close(script.now)
    script.expect({ flags: 'FA', seq: 104, ack: 501 })
    script.send({ flags: 'FA', seq: 501, ack: 105 })
    script.expect({ flags: 'A', seq: 105, ack: 502 })
    script.advance(60_000).quiet()
    expect(script.tcp.size).toBe(0)
    expect(script.tcp.timerCount).toBe(0)
    expect(script.arena.used).toBe(0)
    expect(script.tcp.deadline).toBe(Infinity)
  })

  test('in CLOSE-WAIT rests as well', () => {
    const script = new Script({ parkAfter: PARK_AFTER }).establish()
    script.send({ flags: 'FA', seq: 501, ack: 101 })
    script.expect({ flags: 'A', seq: 101, ack: 502 })
    script.news()
    rest(script)
    expect(script.connection.parked).toBe(true)
    expect(script.connection.state).toBe(State['CLOSE-WAIT'])
    expect(script.connection.shutdownSend()).toBe(0)
    script.expect({ flags: 'FA', seq: 101, ack: 502 })
  })

  test('sends its keepalive probes all the same, and a timer that moved on does not wake it', () => {
    const script = new Script({ parkAfter: PARK_AFTER, keepAlive: true, keepAliveIdle: 5000, keepAliveInterval: 1000 }).establish()
    script.write('abc')
    script.expect({ flags: 'PA', seq: 101, text: 'abc', ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 104 })
    script.news()
    rest(script)
    expect(script.connection.parked).toBe(true)
    // The first probe is due after the last sign of the peer; the queue holds the deadline as it was when the handshake ended.
    expect(script.tcp.deadline).toBe(6000)
    expect(script.tcp.timerCount).toBe(1)
    script.now = 6000
    script.expect({ flags: 'A', seq: 103, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 104 })
    rest(script)
    expect(script.connection.parked).toBe(true)
    expect(script.connection.info().timers).toEqual({ keepAlive: script.tcp.deadline })
  })

  test.each<[string, (script: Script) => void]>([
    ['unread text', (script) => script.send({ flags: 'PA', seq: 501, ack: 101, text: 'x' })],
    ['text out of order', (script) => script.send({ flags: 'PA', seq: 510, ack: 101, text: 'x' })],
    ['unacknowledged text', (script) => script.write('x')],
    ['a FIN under way', (script) => script.connection.shutdownSend()],
    ['news that nobody took', (script) => { script.connection.tcb.events = 1 }],
  ])('with %s keeps its block, and costs no poll', (_name, act) => {
    const script = new Script({ parkAfter: PARK_AFTER }).establish()
    script.news()
    act(script)
    for (let turns = 0; turns < 4; turns++) script.advance(PARK_AFTER).poll()
    expect(script.connection.parked).toBe(false)
    expect(script.tcp.deadline).toBeGreaterThan(script.now + PARK_AFTER)
  })

  test('reading the last of it lets a connection rest', () => {
    const script = new Script({ parkAfter: PARK_AFTER }).establish()
    script.send({ flags: 'PA', seq: 501, ack: 101, text: 'x' })
    script.news()
    script.poll().network.sent.splice(0)
    for (let turns = 0; turns < 4; turns++) script.advance(PARK_AFTER).poll()
    script.network.sent.splice(0)
    expect(script.tcp.deadline).toBe(Infinity)
    expect(script.read()).toBe('x')
    rest(script)
    expect(script.connection.parked).toBe(true)
    expect(script.arena.used).toBe(0)
  })

  test('keeps its block where somebody wants to see it all the time, and by default', () => {
    const seen = new Script({ ...all, observer: { keepsTimeWait: true } }).establish()
    const untold = new Script().establish()
    for (const script of [seen, untold]) {
      script.news()
      rest(script)
      expect(script.connection.parked).toBe(false)
    }
  })

  test('moves to another TCP as it is', () => {
    const script = new Script(all).establish({}, peer)
    script.news()
    rest(script)
    const before = script.connection.fingerprint(script.now)
    const snapshot = decodeSnapshot(encodeSnapshot(script.connection.snapshot(script.now))) as ReturnType<Connection['snapshot']>
    expect(script.connection.parked).toBe(true)
    script.tcp.release(script.connection)
    const restored = script.tcp.restore(snapshot, script.now)
    if (typeof restored === 'number') throw new Error(`restore: ${restored}`)
    expect(restored.fingerprint(script.now)).toBe(before)
    script.connection = restored
    rest(script)
    expect(restored.parked).toBe(true)
    expect(restored.fingerprint(script.now)).not.toBe(before)
    script.write('!')
    script.expect({ flags: 'PA', seq: 101, ack: 501, text: '!' })
  })

  test('that waits to be accepted rests there, and is accepted; a listener that closes resets it', () => {
    const script = new Script({ parkAfter: PARK_AFTER })
    const listener = script.listen()
    for (const [port, seq] of [[40_000, 500], [40_001, 700]] as const) {
      script.remotePort = port
      script.send({ flags: 'S', seq, mss: 1460 })
      script.expect({ flags: 'SA', seq: 100, ack: seq + 1 })
      script.send({ flags: 'A', seq: seq + 1, ack: 101 })
    }
    script.news()
    rest(script)
    const first = listener.accept()!
    expect(first.parked).toBe(true)
    expect(first.listener).toBe(undefined)
    listener.close(script.now)
    script.expect({ flags: 'RA', seq: 101, ack: 701 })
    expect(first.state).toBe(State.ESTABLISHED)
  })
})

type Deed = readonly [number, number]

/** Does the same to a TCP that parks and to one that does not. What each of them sends, and comes to, is the result. */
function play(parkAfter: number, options: Partial<TcpOptions>, deeds: readonly Deed[]): { history: unknown[], parked: number } {
  const script = new Script({ ...options, parkAfter }).establish({}, peer)
  const history: unknown[] = []
  let theirs = 501
  let ours = 101
  let clock = 10
  let parked = 0
  script.news()
  for (const [deed, size] of deeds) {
    const timestamps: [number, number] = [clock++, script.now]
    const base = { seq: theirs, ack: ours, timestamps, window: 4000 }
    switch (deed) {
      case 0: ours += Math.max(0, script.write(size + 1)); break
      case 1:
        script.send({ ...base, flags: 'PA', text: size + 1 })
        theirs += size + 1
        break
      case 2: script.send({ ...base, flags: 'A', ack: ours }); break
      case 3: script.send({ ...base, flags: 'A', seq: theirs + 1000, text: size + 1 }); break
      case 4: history.push(script.read(size)); break
      case 5: script.send({ ...base, flags: 'A', seq: theirs - 1 }); break
      case 6: script.connection.configure({ keepAlive: size > 200, keepAliveIdle: 1000 + size }); break
      case 7: history.push(script.connection.sendUrgent(new Uint8Array(1), 0, 1) > 0 && ours++); break
      default: script.now += size * deed
    }
    script.poll()
    history.push(script.network.sent.splice(0).map(({ bytes }) => [...bytes].join()), script.connection.state)
    history.push(script.connection.fingerprint(script.now), script.news().map(([, events]) => events))
    if (script.connection.parked) parked++
    if (script.connection.state === State.CLOSED) break
  }
  return { history, parked }
}

test.each<[string, Partial<TcpOptions>]>([
  ['CUBIC with SACK', { sack: true, timestamps: true, windowScaling: true }],
  ['without options', {}],
  ['BBR, paced', { sack: true, timestamps: true, congestionControl: bbr, pacing: true }],
])('parking shows in nothing that a connection sends or comes to: %s', (_name, options) => {
  const deed = fc.tuple(fc.nat(12), fc.nat(300))
  let parked = 0
  fc.assert(fc.property(fc.array(deed, { minLength: 10, maxLength: 60, size: 'max' }), (deeds) => {
    const without = play(Infinity, options, deeds)
    const others = play(1, options, deeds)
    parked += others.parked
    expect(without.parked).toBe(0)
    expect(others.history).toEqual(without.history)
  }), { numRuns: 25 })
  expect(parked).toBeGreaterThan(5)
})

test('each of many connections is as it was, however much it differs from the others', () => {
  const script = new Script(all)
  const listener = script.listen({ backlog: 200, iss: undefined })
  const open: Connection[] = []
  for (let index = 0; index < 200; index++) {
    const far = Math.imul(index, 0x9e37_79b1)
    script.remotePort = 1024 + index
    script.now += index / 7
    script.send({ flags: 'S', seq: far >>> 0, mss: 600 + index, timestamps: [far, 0], scale: index % 15, window: 1000 * (index % 60) })
    script.poll()
    const ours = script.tcp.context.header.sequence
    const ack = (ours - wireSequence(0) + 1) >>> 0
    script.send({ flags: 'A', seq: (far + 1) >>> 0, ack, timestamps: [far + index, 0], window: far & 0xffff })
    const connection = listener.accept()!
    if (index % 3 === 0) connection.configure({ keepAlive: true, keepAliveIdle: 10_000 + index, hopLimit: index })
    if (index % 5 === 0) connection.tcb.lastSent += 1 / 3
    open.push(connection)
  }
  script.news()
  script.poll().network.sent.splice(0)
  const before = open.map((connection) => connection.fingerprint(script.now))
  expect(new Set(before).size).toBe(200)
  expect(open.some(({ parked }) => parked)).toBe(false)
  const { now } = script
  rest(script)
  expect(open.every(({ parked }) => parked)).toBe(true)
  script.now = now
  expect(open.map((connection) => connection.fingerprint(now))).toEqual(before)
  expect(open.every(({ parked }) => parked)).toBe(true)
  expect(open.map((connection) => [connection.tcb.remotePort, connection.fingerprint(now)][1])).toEqual(before)
})

test('numbers of every kind come back as they were', () => {
  const script = new Script(all).establish({}, peer)
  const blocks = new ParkedBlocks(script.tcp.context)
  const { tcb } = script.connection
  expect(blocks.park(tcb)).not.toBe('')
  const edges = fc.constantFrom(Infinity, -Infinity, 255, 256, -1, 2 ** 31, -(2 ** 31))
  const number = fc.oneof(fc.integer(), fc.double({ noNaN: true }).map((value) => value + 0), edges)
  fc.assert(fc.property(fc.array(number, { minLength: 4, maxLength: 4 }), fc.boolean(), ([a, b, c, d], flag) => {
    tcb.snd.una = a!
    tcb.rtt.srtt = b!
    tcb.softError = c!
    tcb.negotiated.sack = flag
    tcb.congestion.cwnd = d!
    const record = blocks.park(tcb)
    expect(record.length).toBeLessThan(60)
    expect(blocks.thaw(record)).toEqual(tcb)
  }))
})

test('3,000 connections come and go: all are parked, none is lost, and the tables are as before', () => {
  const script = new Script({ parkAfter: PARK_AFTER, maxConnections: 4000 })
  const listener: TcpListener = script.listen({ backlog: 3000 })
  const open: Connection[] = []
  for (let index = 0; index < 3000; index++) {
    script.remotePort = 1024 + index
    script.send({ flags: 'S', seq: 500, mss: 1460 })
    script.poll()
    script.send({ flags: 'A', seq: 501, ack: 101 })
    open.push(listener.accept()!)
    script.news()
    // Places in the table are used again, while they are in the queue.
    if (index % 3 === 2) open.splice(index % open.length, 1)[0]!.abort(script.now)
  }
  script.network.sent.splice(0)
  rest(script)
  expect(open.every((connection) => connection.parked)).toBe(true)
  expect(script.tcp.deadline).toBe(Infinity)
  let visited = 0
  script.tcp.forEach((connection) => { if (connection.parked) visited++ })
  expect(visited).toBe(open.length)
  for (const connection of open) connection.abort(script.now)
  script.poll()
  expect(script.tcp.size).toBe(0)
  expect(script.tcp.timerCount).toBe(0)
  expect(script.arena.used).toBe(0)
})

test('the queue of places agrees with a list', () => {
  const deed = fc.tuple(fc.nat(5), fc.nat(40))
  fc.assert(fc.property(fc.array(deed, { maxLength: 200, size: 'max' }), (deeds) => {
    const queue = new ParkingQueue()
    let list: { slot: number, at: number, gone: boolean }[] = []
    let now = 0
    for (const [what, slot] of deeds) {
      const entry = list.find((other) => other.slot === slot)
      if (what <= 2 && (entry === undefined || entry.gone)) {
        queue.add(slot, now + 10)
        if (entry === undefined) list.push({ slot, at: now + 10, gone: false })
        else entry.gone = false
      } else if (what === 3) {
        queue.remove(slot)
        if (entry !== undefined) entry.gone = true
        if (list.every(({ gone }) => gone)) list = []
      } else if (what === 4) {
        now += slot / 4
      } else if (what === 5) {
        while (list.length > 0 && list[0]!.gone && list[0]!.at <= now) list.shift()
        const due = list.length > 0 && list[0]!.at <= now ? list.shift() : undefined
        expect(queue.take(now)).toBe(due?.slot ?? -1)
        if (list.every(({ gone }) => gone)) list = []
      }
      expect(queue.next).toBe(list[0]?.at ?? Infinity)
      expect(queue.has(slot)).toBe(list.some((other) => other.slot === slot && !other.gone))
    }
  }))
})
