import { DropReason, Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { restoreTimeWait, snapshotTimeWait } from '../src/time-wait-snapshot.ts'
import { TimeWaitTable, createTimeWaitEntry } from '../src/time-wait.ts'
import type { Tcb } from '../src/index.ts'
import { address, PEER, Script, SECRET, US } from './harness.ts'

/** Goes through a whole connection and leaves it in TIME-WAIT, closed by its user. */
function leave(script: Script): void {
  script.connection.close(script.now)
  script.expect({ flags: 'FA', seq: 101, ack: 501 })
  script.send({ flags: 'FA', seq: 501, ack: 102 })
  script.expect({ flags: 'A', seq: 102, ack: 502 })
}

describe('TIME-WAIT of a connection that its user left', () => {
  test('the block goes, an entry stays for 2MSL', () => {
    const script = new Script().establish()
    leave(script)
    expect(script.tcp.timeWaiting).toBe(1)
    let blocks = 0
    script.tcp.forEach(() => blocks++)
    expect(blocks).toBe(0)
    script.advance(59_999).quiet()
    expect(script.tcp.size).toBe(1)
    script.advance(3).quiet()
    expect(script.tcp.size).toBe(0)
    expect(script.tcp.deadline).toBe(Infinity)
  })

  test('a FIN again is acknowledged and restarts the wait', () => {
    const script = new Script().establish()
    leave(script)
    script.advance(50_000)
    expect(script.send({ flags: 'FA', seq: 501, ack: 102 })).toBe(DropReason.SequenceUnacceptable)
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    script.advance(59_990).quiet()
    expect(script.tcp.size).toBe(1)
    script.advance(15).quiet()
    expect(script.tcp.size).toBe(0)
  })

  test('RFC 1337: a reset is ignored; RFC 6191: an old SYN is challenged, a newer one begins anew', () => {
    const script = new Script().accept()
    leave(script)
    expect(script.send({ flags: 'R', seq: 502 })).toBe(DropReason.ResetIgnored)
    script.quiet()
    script.send({ flags: 'S', seq: 400 })
    script.expect({ flags: 'A', seq: 102, ack: 502 })
    expect(script.tcp.timeWaiting).toBe(1)
    script.send({ flags: 'S', seq: 10_000 })
    script.expect({ flags: 'SA', seq: 100, ack: 10_001 })
    expect(script.tcp.timeWaiting).toBe(0)
    expect(script.tcp.size).toBe(1)
  })

  test('its two ends cannot be connected again meanwhile', () => {
    const script = new Script().establish()
    leave(script)
    expect(() => script.connect()).toThrow('-99')
  })
})

describe('TIME-WAIT moves to another TCP', () => {
  /** Leaves a connection with timestamps in TIME-WAIT, and 10 s later takes it to another TCP whose clock is ahead by `ahead`. */
  function move(ahead: number, other = new Script({ timestamps: true })): Script {
    const script = new Script({ timestamps: true }).connect()
    script.expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'SA', seq: 500, ack: 101, timestamps: [7000, 1] })
    script.poll().network.sent.length = 0
    script.connection.close(script.now)
    script.poll().network.sent.length = 0
    script.send({ flags: 'FA', seq: 501, ack: 102, timestamps: [7001, 1] })
    script.poll().network.sent.length = 0
    script.advance(10_000)
    other.now = script.now + ahead
    expect(script.tcp.timeWaiting).toBe(1)
    expect(other.tcp.restoreTimeWait(script.tcp.snapshotTimeWait(script.now), other.now)).toBe(0)
    expect(other.tcp.snapshotTimeWait(other.now)).toEqual(script.tcp.snapshotTimeWait(script.now))
    return other
  }

  test.each([0, 123_456_789.3, -10_000.5])('a FIN again is answered as before, by a clock that is %d ms ahead', (ahead) => {
    const other = move(ahead)
    const { timestampOffset } = other.tcp.snapshotTimeWait(other.now)[0]!
    expect(other.send({ flags: 'FA', seq: 501, ack: 102, timestamps: [7002, 1] })).toBe(DropReason.SequenceUnacceptable)
    other.expect({ flags: 'A', seq: 102, ack: 502, timestamps: [timestampOffset >>> 0, 7001] })
  })

  test('it lasts as long as it would have', () => {
    const other = move(0.25)
    other.advance(49_999).quiet()
    expect(other.tcp.size).toBe(1)
    other.advance(2).quiet()
    expect(other.tcp.size).toBe(0)
  })

  test('nothing comes over when one end is taken there, or none of its addresses', () => {
    const other = new Script({ timestamps: true }).connect()
    expect(() => move(0, other)).toThrow()
    expect(other.tcp.timeWaiting).toBe(0)
    const [entry] = move(0).tcp.snapshotTimeWait(11_000)
    expect(new Script().tcp.restoreTimeWait([{ ...entry!, localAddress: address('10.9.9.9') }], 0)).toBe(Errno.EADDRNOTAVAIL)
  })

  test('entries of both stand in the order in which they end', () => {
    const table = new TimeWaitTable(SECRET, 100)
    for (const port of [10, 30, 50]) table.add(tcbOf(port), port)
    const other = new TimeWaitTable(SECRET, 4)
    for (const port of [20, 40, 60]) other.add(tcbOf(port), port)
    restoreTimeWait(other, snapshotTimeWait(table, 0), 0)
    // A full table ends those first that end first.
    expect(snapshotTimeWait(other, 0).map(({ remaining, remotePort, timestamps }) => [remaining, remotePort, timestamps]))
      .toEqual([[30, 30, true], [40, 40, true], [50, 50, true], [60, 60, true]])
    other.expire(45)
    expect(other.size).toBe(2)
    expect(other.find(local, 80, remote, 50, entry)).toBe(true)
  })
})

const entry = createTimeWaitEntry()
const local = address(US)
const remote = address(PEER)
const tcbOf = (port: number): Tcb => ({
  localAddress: local, localPort: 80, remoteAddress: remote, remotePort: port,
  snd: { max: port }, rcv: { nxt: port }, timestamps: { enabled: (port & 1) === 0, recent: port, offset: port },
}) as unknown as Tcb

describe('the TIME-WAIT table', () => {
  test('64 bytes an entry, 100,000 of them, each found again, ended in order', () => {
    const table = new TimeWaitTable(SECRET, 1 << 17)
    for (let port = 1; port <= 65_535; port++) table.add(tcbOf(port), port)
    expect(table.bytes / 65_536).toBeLessThanOrEqual(64)
    for (const port of [1, 77, 30_000, 65_535]) {
      expect(table.find(local, 80, remote, port, entry)).toBe(true)
      expect(entry).toMatchObject({ remotePort: port, sndNxt: port, rcvNxt: port, timestamps: (port & 1) === 0, timestampOffset: port })
    }
    expect(table.find(local, 81, remote, 1, entry)).toBe(false)
    table.expire(30_000)
    expect(table.find(local, 80, remote, 29_998, entry)).toBe(false)
    expect(table.find(local, 80, remote, 30_003, entry)).toBe(true)
    table.expire(70_000)
    expect(table.size).toBe(0)
  })

  test('a full one ends its oldest entry', () => {
    const table = new TimeWaitTable(SECRET, 100)
    for (let port = 1; port <= 150; port++) table.add(tcbOf(port), 1000)
    expect(table.size).toBe(100)
    expect(table.find(local, 80, remote, 50, entry)).toBe(false)
    expect(table.find(local, 80, remote, 51, entry)).toBe(true)
  })

  test('adding, ending and restarting in any order agree with a plain list', () => {
    const table = new TimeWaitTable(SECRET, 1000)
    let list: { port: number, expiry: number }[] = []
    let state = 1
    const draw = (n: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return (state >>> 8) % n
    }
    let now = 0
    for (let step = 0; step < 20_000; step++) {
      const port = 1 + draw(300)
      const known = table.find(local, 80, remote, port, entry)
      expect(known).toBe(list.some((other) => other.port === port))
      if (!known) {
        table.add(tcbOf(port), now + 100)
        list.push({ port, expiry: now + 100 })
      } else if (draw(2) === 0) {
        table.remove(entry)
        list = list.filter((other) => other.port !== port)
      } else {
        table.restart(entry, now + 100)
        list = list.filter((other) => other.port !== port)
        list.push({ port, expiry: now + 100 })
      }
      now += 2 * draw(2)
      table.expire(now)
      list = list.filter((other) => other.expiry > now)
      expect(table.size).toBe(list.length)
    }
  })
})
