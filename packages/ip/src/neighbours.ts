import type { Arena } from '@layerfour/storage'
import { copyBytes, FlowTable, TimerQueue } from '@layerfour/storage'
import { ANY_IPV6, copyIpAddress, createIpAddress, DropReason } from '@layerfour/wire'
import type { HardwareAddress, IpAddress, MutableHardwareAddress, MutableIpAddress } from '@layerfour/wire'
import type { Drops } from './drops.ts'
import {
  HEADROOM, MAX_NEIGHBOURS, NEIGHBOUR_PROBES, NEIGHBOUR_REACHABLE_TIME, NEIGHBOUR_RETRY_INTERVAL, NEIGHBOUR_TRIES,
} from './limits.ts'

/**
 * What is known of a neighbour, in the words of RFC 4861 §7.3.2.
 *
 * ```
 *            use                        answer
 *   unknown ─────► Incomplete ────────────────────────► Reachable ◄──────── answer ───────┐
 *    ▲   ▲             │                                  ▲   │ use, 60 s after the       │
 *    │   │             │ 5 requests unanswered            │   ▼ last answer               │
 *    │   └── 1 s ── Failed ──────────── answer ───────────┘  Probe ───────────────────────┘
 *    └────────────────────────────────── 2 polls unanswered ──┘
 * ```
 */
export const NeighbourState = { Incomplete: 1, Reachable: 2, Probe: 3, Failed: 4 } as const

export type NeighbourState = (typeof NeighbourState)[keyof typeof NeighbourState]

/** What to do with a packet for a neighbour, or with a neighbour whose timer ran out. */
export const NeighbourAction = {
  /** Its hardware address is known: send. */
  Send: 0,
  /** Send, and ask the neighbour itself whether the address still holds. */
  SendAndProbe: 1,
  /** Hold the packet until the request that is under way is answered. */
  Hold: 2,
  /** Hold the packet and ask everyone for the address. */
  HoldAndSolicit: 3,
  /** It did not answer a moment ago: drop the packet. */
  Unreachable: 4,
} as const

export type NeighbourAction = (typeof NeighbourAction)[keyof typeof NeighbourAction]

/** One neighbour; entries are made once and reused. */
export interface Neighbour {
  readonly slot: number
  readonly address: MutableIpAddress
  interfaceIndex: number
  /** 0 while the entry is free. */
  state: NeighbourState | 0
  readonly hardware: MutableHardwareAddress
  /** Requests sent since the last answer. */
  tries: number
  /** The one packet that waits: a block of the arena with the packet `HEADROOM` bytes in; -1 when none does. */
  pendingBlock: number
  pendingLength: number
}

/**
 * Hardware addresses of neighbours, and the state machine that keeps them true (RFC 1122 §2.3.2). It knows neither ARP nor
 * NDP: its owner sends the requests and reports the answers. Each neighbour holds one packet while it is looked for; a newer
 * packet replaces it, and at most one request a second is sent. With 256 neighbours the least recently used one makes room; before
 * any of those, one that only spoke to us and that we never sent to.
 */
export class NeighbourCache {
  private readonly arena: Arena
  private readonly drops: Drops
  private readonly slots: FlowTable
  private readonly neighbours: Neighbour[] = []
  private readonly free: number[] = []
  private readonly timers: TimerQueue = new TimerQueue(MAX_NEIGHBOURS)
  private readonly usedAt: Float64Array = new Float64Array(MAX_NEIGHBOURS)
  /** 1 when we ourselves sent there. */
  private readonly used: Uint8Array = new Uint8Array(MAX_NEIGHBOURS)
  private readonly confirmedAt: Float64Array = new Float64Array(MAX_NEIGHBOURS)

  /** @param secret keys the table: at least two random words. */
  constructor(arena: Arena, secret: Int32Array, drops: Drops) {
    this.arena = arena
    this.drops = drops
    this.slots = new FlowTable(secret, MAX_NEIGHBOURS)
  }

  /** When `take` is due, in ms; Infinity for never. */
  get deadline(): number {
    return this.timers.next
  }

  /** The entry of a neighbour, or undefined. */
  find(interfaceIndex: number, address: IpAddress): Neighbour | undefined {
    const slot = this.slots.get(ANY_IPV6, interfaceIndex, address, 0)
    return slot < 0 ? undefined : this.neighbours[slot]
  }

  /** The entry of a neighbour, made when there was none: in `Failed`, but a first use will ask at once. */
  obtain(interfaceIndex: number, address: IpAddress, now: number): Neighbour {
    const known = this.find(interfaceIndex, address)
    if (known !== undefined) return known
    const neighbour = this.neighbours[this.takeSlot(now)]!
    copyIpAddress(address, neighbour.address)
    neighbour.interfaceIndex = interfaceIndex
    neighbour.state = NeighbourState.Failed
    neighbour.tries = 0
    this.usedAt[neighbour.slot] = now
    this.used[neighbour.slot] = 0
    this.slots.set(ANY_IPV6, interfaceIndex, address, 0, neighbour.slot)
    return neighbour
  }

  /** A packet wants to go there. */
  use(neighbour: Neighbour, now: number): NeighbourAction {
    const { slot } = neighbour
    this.usedAt[slot] = now
    this.used[slot] = 1
    switch (neighbour.state) {
      case NeighbourState.Reachable:
        if (now - this.confirmedAt[slot]! < NEIGHBOUR_REACHABLE_TIME) return NeighbourAction.Send
        this.ask(neighbour, NeighbourState.Probe, now)
        return NeighbourAction.SendAndProbe
      case NeighbourState.Probe:
        return NeighbourAction.Send
      case NeighbourState.Incomplete:
        return NeighbourAction.Hold
      default:
        if (this.timers.deadlineOf(slot) !== Infinity) return NeighbourAction.Unreachable
        this.ask(neighbour, NeighbourState.Incomplete, now)
        return NeighbourAction.HoldAndSolicit
    }
  }

  /** The neighbour said which hardware address it has. What it holds may go now. */
  confirm(neighbour: Neighbour, hardware: HardwareAddress, now: number): void {
    neighbour.hardware.hi = hardware.hi
    neighbour.hardware.lo = hardware.lo
    neighbour.state = NeighbourState.Reachable
    neighbour.tries = 0
    this.confirmedAt[neighbour.slot] = now
    this.timers.clear(neighbour.slot)
  }

  /** What was sent by way of it goes unanswered: the next packet asks it whether its address still holds (RFC 1122 §3.3.1.4). */
  doubt(neighbour: Neighbour): void {
    this.confirmedAt[neighbour.slot] = -Infinity
  }

  /** Keeps a copy of a packet until the neighbour is found, in place of an older one. False when memory is out. */
  hold(neighbour: Neighbour, bytes: Uint8Array, start: number, end: number, now: number): boolean {
    this.dropPending(neighbour, DropReason.NeighbourPending, now)
    const block = this.arena.allocate(HEADROOM + end - start)
    if (block < 0) return false
    copyBytes(bytes, start, end, this.arena.bytes, block + HEADROOM)
    neighbour.pendingBlock = block
    neighbour.pendingLength = end - start
    return true
  }

  /** Drops the packet that the neighbour holds, if any. */
  dropPending(neighbour: Neighbour, reason: DropReason, now: number): void {
    const { pendingBlock: block, pendingLength: length, interfaceIndex } = neighbour
    if (block < 0) return
    this.drops.note(reason, interfaceIndex, this.arena.bytes, block + HEADROOM, block + HEADROOM + length, now)
    this.arena.free(block)
    this.handOverPending(neighbour)
  }

  /** The packet that the neighbour holds now belongs to somebody else. */
  handOverPending(neighbour: Neighbour): void {
    neighbour.pendingBlock = -1
    neighbour.pendingLength = 0
  }

  /**
   * Takes the next neighbour whose timer ran out; undefined when there is none. If it is in `Incomplete` or `Probe` after
   * that, another request is owed. In `Failed`, the packet it holds is to be dropped. In 0, it is forgotten.
   */
  take(now: number): Neighbour | undefined {
    const slot = this.timers.take(now)
    if (slot < 0) return undefined
    const neighbour = this.neighbours[slot]!
    if (neighbour.state === NeighbourState.Incomplete) {
      if (neighbour.tries < NEIGHBOUR_TRIES) {
        this.ask(neighbour, NeighbourState.Incomplete, now)
      } else {
        // For a second, packets are refused rather than held: their senders learn that the neighbour is gone.
        neighbour.state = NeighbourState.Failed
        neighbour.tries = 0
        this.timers.set(slot, now + NEIGHBOUR_RETRY_INTERVAL)
      }
    } else if (neighbour.state === NeighbourState.Probe && neighbour.tries < NEIGHBOUR_PROBES) {
      this.ask(neighbour, NeighbourState.Probe, now)
    } else {
      this.forget(neighbour)
    }
    return neighbour
  }

  /** Removes an entry, which holds no packet. */
  private forget(neighbour: Neighbour): void {
    this.timers.clear(neighbour.slot)
    this.slots.delete(ANY_IPV6, neighbour.interfaceIndex, neighbour.address, 0)
    neighbour.state = 0
    this.free.push(neighbour.slot)
  }

  private ask(neighbour: Neighbour, state: NeighbourState, now: number): void {
    neighbour.tries = neighbour.state === state ? neighbour.tries + 1 : 1
    neighbour.state = state
    this.timers.set(neighbour.slot, now + NEIGHBOUR_RETRY_INTERVAL)
  }

  private isLessUseful(slot: number, other: number): boolean {
    if (this.used[slot] !== this.used[other]) return this.used[slot]! < this.used[other]!
    return this.usedAt[slot]! < this.usedAt[other]!
  }

  private takeSlot(now: number): number {
    if (this.free.length > 0) return this.free.pop()!
    if (this.neighbours.length === MAX_NEIGHBOURS) {
      let oldest = 0
      for (let i = 1; i < MAX_NEIGHBOURS; i++) if (this.isLessUseful(i, oldest)) oldest = i
      this.dropPending(this.neighbours[oldest]!, DropReason.NeighbourPending, now)
      this.forget(this.neighbours[oldest]!)
      return this.free.pop()!
    }
    const slot = this.neighbours.length
    this.neighbours.push({
      slot, address: createIpAddress(), interfaceIndex: -1, state: 0, hardware: { hi: 0, lo: 0 }, tries: 0,
      pendingBlock: -1, pendingLength: 0,
    })
    return slot
  }
}
