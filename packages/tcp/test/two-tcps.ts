import { Arena } from '@layerfour/storage'
import { copyIpAddress, createPacketMeta } from '@layerfour/wire'
import { expect } from 'vitest'
import type { Connection, TcpOptions } from '../src/index.ts'
import { Readiness, State, Tcp, TcpListener } from '../src/index.ts'
import { address, FakeNetwork, PEER, SECRET, US } from './harness.ts'

/** Numerical Recipes' linear congruential generator: enough to draw losses that repeat. */
export class Draw {
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

export interface Impairments {
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
export class Pair {
  now = 0
  readonly networks = [new FakeNetwork(US), new FakeNetwork(PEER)] as const
  readonly arenas = [new Arena(1 << 20), new Arena(1 << 20)] as const
  readonly tcps: [Tcp, Tcp]
  /** How far each side's clock is ahead of `now`, in ms. */
  readonly ahead: [number, number] = [0, 0]
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
    for (const side of [0, 1] as const) {
      const tcp = this.tcps[side]
      const ahead = this.ahead[side]
      for (let turns = 0; tcp.deadline <= this.now + ahead; turns++) {
        if (turns > 100) throw new Error('still due after 100 polls')
        tcp.poll(this.now + ahead)
      }
      for (const packet of this.networks[side].sent.splice(0)) this.launch(packet.bytes, 1 - side)
      next = Math.min(next, tcp.deadline - ahead)
    }
    for (const packet of this.flying) next = Math.min(next, packet.at)
    if (next === Infinity) return false
    this.now = Math.max(this.now, next)
    const due = this.flying.filter((packet) => packet.at <= this.now).sort((a, b) => a.at - b.at || a.order - b.order)
    for (const packet of due) {
      this.flying.splice(this.flying.indexOf(packet), 1)
      copyIpAddress(this.networks[1 - packet.to]!.own, this.meta.source)
      copyIpAddress(this.networks[packet.to]!.own, this.meta.destination)
      this.tcps[packet.to]!.receive(this.meta, packet.bytes, 0, packet.bytes.length, this.now + this.ahead[packet.to]!)
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
export class End {
  sent = 0
  received = 0
  ended = false
  error = 0
  connection: Connection
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

/** What a test does between two steps. */
export type Meddler = (pair: Pair, ends: End[]) => void

/** One connection from open to the end of TIME-WAIT, both ways at once, everything checked. */
export function run(
  seed: number, impairments: Impairments, sizes: [number, number], options: Partial<TcpOptions>, meddle?: Meddler,
): Pair {
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
    meddle?.(pair, ends)
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
