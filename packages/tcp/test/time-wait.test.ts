import { DropReason } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
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

describe('the TIME-WAIT table', () => {
  const entry = createTimeWaitEntry()
  const local = address(US)
  const remote = address(PEER)
  const tcbOf = (port: number): Tcb => ({
    localAddress: local, localPort: 80, remoteAddress: remote, remotePort: port,
    snd: { max: port }, rcv: { nxt: port }, timestamps: { enabled: (port & 1) === 0, recent: port, offset: port },
  }) as unknown as Tcb

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
