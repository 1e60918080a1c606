import { KeyedHash } from '@layerfour/storage'
import type { IpAddress, MutableIpAddress } from '@layerfour/wire'
import type { Tcb } from './tcb.ts'

/** Words of an entry. With its share of the buckets an entry takes 64 bytes. */
const LOCAL = 0
const REMOTE = 4
const PORTS = 8
const SND_NXT = 9
const RCV_NXT = 10
const TS_RECENT = 11
const TS_OFFSET = 12
/** Low 32 bits of the deadline in ms. */
const EXPIRY = 13
/** Place + 1 of the next entry in the same bucket, 0 for none; the sign bit says whether timestamps were agreed on. */
const NEXT = 14
const TIMESTAMPS = 0x8000_0000 | 0
const WORDS = 15
const FIRST_CAPACITY = 64

/** What is left of a connection in TIME-WAIT: enough to answer its peer. Reused for every look-up. */
export interface TimeWaitEntry {
  /** Where it stands; valid until the table changes. */
  place: number
  readonly localAddress: MutableIpAddress
  localPort: number
  readonly remoteAddress: MutableIpAddress
  remotePort: number
  sndNxt: number
  rcvNxt: number
  timestamps: boolean
  timestampRecent: number
  timestampOffset: number
}

export function createTimeWaitEntry(): TimeWaitEntry {
  const none = (): MutableIpAddress => ({ w0: 0, w1: 0, w2: 0, w3: 0 })
  return {
    place: -1, localAddress: none(), localPort: 0, remoteAddress: none(), remotePort: 0, sndNxt: 0, rcvNxt: 0,
    timestamps: false, timestampRecent: 0, timestampOffset: 0,
  }
}

/**
 * Connections in TIME-WAIT that their users have left: 64 bytes each instead of a whole `Tcb`. All of
 * them wait equally long, so they stand in a circle in the order in which they end; one that starts to
 * wait again goes to the end. When the table is full, the oldest one ends early.
 */
export class TimeWaitTable {
  private readonly capacity: number
  private readonly hash: KeyedHash
  private entries: Int32Array = new Int32Array(0)
  private buckets: Int32Array = new Int32Array(0)
  /** Places in use: `head` to `tail`, both counted without end; the circle has a power of two of places. */
  private head = 0
  private tail = 0
  private live = 0

  constructor(secret: Int32Array, capacity: number) {
    this.hash = new KeyedHash(secret)
    this.capacity = capacity
  }

  get size(): number {
    return this.live
  }

  /** Bytes that the table takes. */
  get bytes(): number {
    return this.entries.byteLength + this.buckets.byteLength
  }

  /** Deadline of the oldest entry in ms of `now`'s clock, Infinity when there is none. */
  next(now: number): number {
    this.dropDead()
    if (this.live === 0) return Infinity
    return now + this.remaining(this.head, now)
  }

  /** Takes over a connection until `expiry` (ms). */
  add(tcb: Tcb, expiry: number): void {
    const { timestamps } = tcb
    const at = this.append(tcb, expiry)
    this.fill(at, tcb.snd.max, tcb.rcv.nxt, timestamps.enabled, timestamps.recent, timestamps.offset)
  }

  /** A place at the end of the circle for these two ends; returns where its words begin. */
  private append(ends: Pick<Tcb, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>, expiry: number): number {
    this.makeRoom()
    const place = this.tail++
    const at = this.at(place)
    const { entries } = this
    put(entries, at + LOCAL, ends.localAddress)
    put(entries, at + REMOTE, ends.remoteAddress)
    entries[at + PORTS] = (ends.localPort << 16) | ends.remotePort
    entries[at + EXPIRY] = Math.ceil(expiry) | 0
    entries[at + NEXT] = 0
    this.link(place)
    this.live++
    return at
  }

  private fill(at: number, sndNxt: number, rcvNxt: number, timestamps: boolean, recent: number, offset: number): void {
    const { entries } = this
    entries[at + SND_NXT] = sndNxt
    entries[at + RCV_NXT] = rcvNxt
    entries[at + TS_RECENT] = recent
    entries[at + TS_OFFSET] = offset
    if (timestamps) entries[at + NEXT]! |= TIMESTAMPS
  }

  /** Enters what is known of a connection until `expiry` (ms). */
  insert(entry: Omit<TimeWaitEntry, 'place'>, expiry: number): void {
    const at = this.append(entry, expiry)
    this.fill(at, entry.sndNxt, entry.rcvNxt, entry.timestamps, entry.timestampRecent, entry.timestampOffset)
  }

  /** Visits every entry, the one that ends first in front, with how many whole ms it still waits. `entry` is reused. */
  forEach(now: number, visit: (entry: TimeWaitEntry, remaining: number) => void): void {
    const entry = createTimeWaitEntry()
    for (let place = this.head; place < this.tail; place++) {
      if (this.entries[this.at(place) + PORTS] === 0) continue
      this.read(place & this.mask, entry)
      visit(entry, this.remaining(place, now))
    }
  }

  clear(): void {
    this.entries = new Int32Array(0)
    this.buckets = new Int32Array(0)
    this.head = this.tail = this.live = 0
  }

  /** Fills `into` with the entry of these two ends; false when there is none. */
  find(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number, into: TimeWaitEntry): boolean {
    if (this.live === 0) return false
    const { entries } = this
    const ports = (localPort << 16) | remotePort
    let next = this.buckets[this.bucketOf(local, remote, ports)]!
    while (next !== 0) {
      const at = (next - 1) * WORDS
      if (entries[at + PORTS] === ports && is(entries, at + REMOTE, remote) && is(entries, at + LOCAL, local)) {
        this.read(next - 1, into)
        return true
      }
      next = this.nextOf(at)
    }
    return false
  }

  /** Ends the entry that `find` has just given. */
  remove(entry: TimeWaitEntry): void {
    this.unlink(entry.place)
    this.entries[entry.place * WORDS + PORTS] = 0
    this.live--
    this.dropDead()
  }

  /** Lets the entry that `find` has just given wait anew, until `expiry` (ms). */
  restart(entry: TimeWaitEntry, expiry: number): void {
    this.remove(entry)
    this.insert(entry, expiry)
  }

  /** Ends what is due. */
  expire(now: number): void {
    for (this.dropDead(); this.live > 0 && this.remaining(this.head, now) <= 0; this.dropDead()) this.endHead()
  }

  private endHead(): void {
    const place = this.head & this.mask
    this.unlink(place)
    this.entries[place * WORDS + PORTS] = 0
    this.live--
  }

  private dropDead(): void {
    while (this.head !== this.tail && this.entries[this.at(this.head) + PORTS] === 0) this.head++
  }

  private get mask(): number {
    return this.buckets.length - 1
  }

  private at(place: number): number {
    return (place & this.mask) * WORDS
  }

  private remaining(place: number, now: number): number {
    return (this.entries[this.at(place) + EXPIRY]! - Math.floor(now)) | 0
  }

  private makeRoom(): void {
    if (this.live >= this.capacity) {
      this.endHead()
      this.dropDead()
    }
    const places = this.buckets.length
    if (this.tail - this.head < places) return
    this.rebuild(places > 0 && this.live * 2 <= places ? places : Math.max(FIRST_CAPACITY, places * 2))
  }

  /** Moves the living entries, in order, to a circle of `places`; dead ones between them are left behind. */
  private rebuild(places: number): void {
    const { entries: old, head, tail, mask } = this
    this.entries = new Int32Array(places * WORDS)
    this.buckets = new Int32Array(places)
    this.head = this.tail = 0
    for (let place = head; place < tail; place++) {
      const from = (place & mask) * WORDS
      if (old[from + PORTS] === 0) continue
      this.entries.set(old.subarray(from, from + WORDS), this.tail * WORDS)
      this.link(this.tail++)
    }
  }

  private link(place: number): void {
    const at = this.at(place)
    const bucket = this.bucketAt(at)
    this.entries[at + NEXT] = (this.entries[at + NEXT]! & TIMESTAMPS) | this.buckets[bucket]!
    this.buckets[bucket] = (place & this.mask) + 1
  }

  private unlink(place: number): void {
    const { entries, buckets } = this
    const at = place * WORDS
    const bucket = this.bucketAt(at)
    if (buckets[bucket] === place + 1) {
      buckets[bucket] = this.nextOf(at)
      return
    }
    let before = (buckets[bucket]! - 1) * WORDS
    while (this.nextOf(before) !== place + 1) before = (this.nextOf(before) - 1) * WORDS
    entries[before + NEXT] = (entries[before + NEXT]! & TIMESTAMPS) | this.nextOf(at)
  }

  private nextOf(at: number): number {
    return this.entries[at + NEXT]! & ~TIMESTAMPS
  }

  private bucketAt(at: number): number {
    const { hash, entries } = this
    for (let word = LOCAL; word <= PORTS; word++) hash.word(entries[at + word]!)
    return hash.finish() & this.mask
  }

  private bucketOf(local: IpAddress, remote: IpAddress, ports: number): number {
    const { hash } = this
    hash.word(local.w0)
    hash.word(local.w1)
    hash.word(local.w2)
    hash.word(local.w3)
    hash.word(remote.w0)
    hash.word(remote.w1)
    hash.word(remote.w2)
    hash.word(remote.w3)
    hash.word(ports)
    return hash.finish() & this.mask
  }

  private read(place: number, into: TimeWaitEntry): void {
    const { entries } = this
    const at = place * WORDS
    into.place = place
    get(entries, at + LOCAL, into.localAddress)
    get(entries, at + REMOTE, into.remoteAddress)
    into.localPort = entries[at + PORTS]! >>> 16
    into.remotePort = entries[at + PORTS]! & 0xffff
    into.sndNxt = entries[at + SND_NXT]!
    into.rcvNxt = entries[at + RCV_NXT]!
    into.timestampRecent = entries[at + TS_RECENT]!
    into.timestampOffset = entries[at + TS_OFFSET]!
    into.timestamps = entries[at + NEXT]! < 0
  }
}

function put(entries: Int32Array, at: number, address: IpAddress): void {
  entries[at] = address.w0
  entries[at + 1] = address.w1
  entries[at + 2] = address.w2
  entries[at + 3] = address.w3
}

function get(entries: Int32Array, at: number, into: MutableIpAddress): void {
  into.w0 = entries[at]!
  into.w1 = entries[at + 1]!
  into.w2 = entries[at + 2]!
  into.w3 = entries[at + 3]!
}

function is(entries: Int32Array, at: number, address: IpAddress): boolean {
  return (
    entries[at + 3] === address.w3 && entries[at + 2] === address.w2 && entries[at + 1] === address.w1
    && entries[at] === address.w0
  )
}
