import { Arena } from '@layerfour/storage'
import { copyIpAddress, createPacketMeta, DropReason } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { Connection, TcpOptions } from '../src/index.ts'
import { Readiness, State, Tcp, TcpListener } from '../src/index.ts'
import { address, FakeNetwork, PEER, SECRET, US } from './harness.ts'

/** Numerical Recipes' linear congruential generator: enough to draw losses that repeat. */
class Draw {
  private state: number
  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** 0 inclusive to 1 exclusive. */
  next(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0
    return (this.state >>> 8) / 0x100_0000
  }

  below(n: number): number {
    return Math.floor(this.next() * n)
  }
}

interface Impairments {
  loss: number
  duplicate: number
  corrupt: number
  /** Delay of each packet in ms is drawn from [delay, delay + jitter): jitter reorders. */
  delay: number
  jitter: number
}

interface InFlight {
  at: number
  order: number
  to: number
  bytes: Uint8Array
}

/** Two TCPs and a bad network between them, in virtual time. */
class Pair {
  now = 0
  readonly networks = [new FakeNetwork(US), new FakeNetwork(PEER)] as const
  readonly arenas = [new Arena(1 << 20), new Arena(1 << 20)] as const
  readonly tcps: [Tcp, Tcp]
  private readonly flying: InFlight[] = []
  private order = 0
  private readonly meta = createPacketMeta()
  readonly draw: Draw
  private readonly impairments: Impairments

  constructor(seed: number, impairments: Impairments, options: Partial<TcpOptions>) {
    this.draw = new Draw(seed)
    this.impairments = impairments
    this.tcps = [0, 1].map((side) => new Tcp(this.networks[side]!, {
      arena: this.arenas[side]!, secret: SECRET, msl: 1000, ...options,
    })) as [Tcp, Tcp]
  }

  /** Sends what is owed, then goes on to the next event. False when nothing will ever happen again. */
  step(): boolean {
    let next = Infinity
    for (const side of [0, 1]) {
      const tcp = this.tcps[side]!
      for (let turns = 0; tcp.deadline <= this.now; turns++) {
        if (turns > 100) throw new Error('still due after 100 polls')
        tcp.poll(this.now)
      }
      for (const packet of this.networks[side]!.sent.splice(0)) this.launch(packet.bytes, 1 - side)
      next = Math.min(next, tcp.deadline)
    }
    for (const packet of this.flying) next = Math.min(next, packet.at)
    if (next === Infinity) return false
    this.now = Math.max(this.now, next)
    const due = this.flying.filter((packet) => packet.at <= this.now).sort((a, b) => a.at - b.at || a.order - b.order)
    for (const packet of due) {
      this.flying.splice(this.flying.indexOf(packet), 1)
      copyIpAddress(this.networks[1 - packet.to]!.own, this.meta.source)
      copyIpAddress(this.networks[packet.to]!.own, this.meta.destination)
      this.tcps[packet.to]!.receive(this.meta, packet.bytes, 0, packet.bytes.length, this.now)
    }
    return true
  }

  private launch(bytes: Uint8Array, to: number): void {
    const { loss, duplicate, corrupt, delay, jitter } = this.impairments
    const copies = this.draw.next() < duplicate ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      if (this.draw.next() < loss) continue
      const own = bytes.slice()
      if (this.draw.next() < corrupt) own[this.draw.below(own.length)]! ^= 1 << this.draw.below(8)
      this.flying.push({ at: this.now + delay + this.draw.next() * jitter, order: this.order++, to, bytes: own })
    }
  }
}

/** Writes a known stream, reads and checks the peer's; plays one end of a connection. */
class End {
  sent = 0
  received = 0
  ended = false
  error = 0
  private readonly connection: Connection
  private readonly total: number
  private readonly expected: number
  private readonly salt: number
  private readonly draw: Draw
  private readonly buffer = new Uint8Array(8192)
  private closedSend = false

  constructor(connection: Connection, total: number, expected: number, salt: number, draw: Draw) {
    this.connection = connection
    this.total = total
    this.expected = expected
    this.salt = salt
    this.draw = draw
  }

  act(now: number): void {
    const { connection, buffer } = this
    while (!this.closedSend && this.sent < this.total) {
      const wanted = Math.min(this.total - this.sent, 1 + this.draw.below(buffer.length))
      for (let index = 0; index < wanted; index++) buffer[index] = byteAt(this.sent + index, this.salt)
      const taken = connection.send(buffer, 0, wanted)
      if (taken < 0) break
      this.sent += taken
    }
    if (!this.closedSend && this.sent === this.total && connection.state >= State.ESTABLISHED) {
      this.closedSend = true
      connection.shutdownSend()
    }
    for (;;) {
      const got = connection.receive(buffer, 0, 1 + this.draw.below(buffer.length))
      if (got === 0) this.ended = true
      if (got < 0 && got !== -11) this.error = got
      if (got <= 0) break
      for (let index = 0; index < got; index++) {
        if (buffer[index] !== byteAt(this.received + index, 1 - this.salt)) {
          throw new Error(`byte ${this.received + index} is ${buffer[index]}`)
        }
      }
      this.received += got
    }
    if (this.ended && this.closedSend) connection.close(now)
  }

  get complete(): boolean {
    return this.ended && this.received === this.expected && this.error === 0
  }
}

function byteAt(offset: number, salt: number): number {
  return (Math.imul(offset + salt * 7919, 2_654_435_761) >>> 24) & 0xff
}

function run(seed: number, impairments: Impairments, sizes: [number, number], options: Partial<TcpOptions>): Pair {
  const pair = new Pair(seed, impairments, options)
  const listener = pair.tcps[1].listen(address(PEER), 80, {})
  if (!(listener instanceof TcpListener)) throw new Error(`listen: ${listener}`)
  const client = pair.tcps[0].connect(address(US), 40_000, address(PEER), 80, {}, 0)
  if (typeof client === 'number') throw new Error(`connect: ${client}`)
  const ends: End[] = [new End(client, sizes[0], sizes[1], 0, pair.draw)]
  let steps = 0
  while (pair.step()) {
    if (steps++ > 200_000) throw new Error(`seed ${seed}: not settled after ${steps} steps at ${pair.now} ms`)
    for (const tcp of pair.tcps) {
      for (let who = tcp.takeReady(); who !== undefined; who = tcp.takeReady()) {
        if (who.takeEvents() & Readiness.Acceptable) {
          const accepted = listener.accept()
          if (accepted !== undefined) ends.push(new End(accepted, sizes[1], sizes[0], 1, pair.draw))
        }
      }
    }
    for (const end of ends) end.act(pair.now)
  }
  expect(ends.length, `seed ${seed}`).toBe(2)
  for (const end of ends) {
    expect(end, `seed ${seed}`).toMatchObject({ ended: true, error: 0 })
    expect(end.complete, `seed ${seed}`).toBe(true)
  }
  for (const side of [0, 1] as const) {
    expect(pair.tcps[side].size, `seed ${seed}`).toBe(0)
    expect(pair.tcps[side].timerCount, `seed ${seed}`).toBe(0)
    expect(pair.arenas[side].used, `seed ${seed}`).toBe(0)
  }
  return pair
}

describe('two TCPs over a bad network: every byte arrives, both ends close, all memory comes back', () => {
  const clean: Impairments = { loss: 0, duplicate: 0, corrupt: 0, delay: 10, jitter: 0 }
  const cases: [string, Impairments, [number, number], Partial<TcpOptions>][] = [
    ['clean', clean, [100_000, 100_000], {}],
    ['5 % loss', { ...clean, loss: 0.05 }, [60_000, 60_000], {}],
    ['30 % loss', { ...clean, loss: 0.3 }, [20_000, 20_000], {}],
    ['reordering', { ...clean, jitter: 20 }, [60_000, 60_000], {}],
    ['loss, duplication, reordering and corruption', { loss: 0.05, duplicate: 0.1, corrupt: 0.05, delay: 5, jitter: 15 }, [40_000, 40_000], {}],
    ['tiny windows', { ...clean, loss: 0.02 }, [10_000, 10_000], { receiveBuffer: 300, sendBuffer: 300 }],
    ['no options', { ...clean, loss: 0.05, jitter: 3 }, [60_000, 60_000], { timestamps: false, windowScaling: false, sack: false }],
    ['one way', { ...clean, loss: 0.05 }, [100_000, 0], {}],
    ['nothing at all', { ...clean, loss: 0.1 }, [0, 0], {}],
  ]
  for (const [title, impairments, sizes, options] of cases) {
    test(title, () => {
      for (let seed = 1; seed <= 20; seed++) run(seed, impairments, sizes, options)
    })
  }

  test('a device that is full now and then delays and loses nothing', () => {
    const pair = new Pair(1, clean, {})
    pair.networks[0].answer = DropReason.DeviceQueueFull
    const listener = pair.tcps[1].listen(address(PEER), 80, {})
    const client = pair.tcps[0].connect(address(US), 40_000, address(PEER), 80, {}, 0)
    if (typeof client === 'number' || typeof listener === 'number') throw new Error('open failed')
    pair.step()
    expect(client.info().segmentsOut).toBe(0)
    pair.networks[0].answer = DropReason.None
    for (let steps = 0; steps < 10; steps++) pair.step()
    expect(client.state).toBe(State.ESTABLISHED)
    expect(client.info().retransmissions).toBe(0)
  })
})
