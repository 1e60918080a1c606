import { compactSentQueue, pacerShiftTime, recoveryShiftTime } from '@layerfour/flow'
import type { Arena, RingBuffer } from '@layerfour/storage'
import { createRing, RangeSet, ringReserve, SipHash } from '@layerfour/storage'
import type { ConnectionSnapshots, TcpContext } from './context.ts'
import { controlOf, findControl } from './control.ts'
import { MAXIMUM_RANGES } from './reassembly.ts'
import type { Tcb } from './tcb.ts'

/**
 * One connection as plain data that structured clone and `encodeSnapshot` take: its block, and the
 * bytes of its two rings. Times are those of the clock it was taken by; restoring shifts them.
 */
export interface ConnectionSnapshot {
  readonly version: 1
  /** When it was taken, ms. */
  readonly at: number
  /** The name of its congestion control, which the TCP that restores it must have. */
  readonly congestionControl: string
  /** The block without rings and reassembly. */
  readonly block: Omit<Tcb, 'sendRing' | 'receiveRing' | 'reassembly'>
  /** Text from SND.UNA on. */
  readonly sendText: Uint8Array
  /** Text in order that the user has not read, and behind it what arrived out of order, gaps as zeros. */
  readonly receiveText: Uint8Array
  /** How much of `receiveText` is in order. */
  readonly inOrder: number
  /** Out-of-order ranges as stream offsets: from, to, from, to, … */
  readonly ranges: readonly number[]
}

/** A connection as it stands; it goes on living. */
function snapshotTcb(context: TcpContext, tcb: Tcb, now: number): ConnectionSnapshot {
  const { sendRing, receiveRing, reassembly } = tcb
  const ranges: number[] = []
  for (let index = 0; reassembly !== undefined && index < reassembly.count; index++) {
    ranges.push(reassembly.fromAt(index), reassembly.toAt(index))
  }
  const beyond = ranges.length === 0 ? 0 : ranges.at(-1)! - tcb.receivedOffset
  return {
    version: 1,
    at: now,
    congestionControl: controlOf(context, tcb).name,
    block: clone(blockOf(tcb)),
    sendText: windowOf(context.arena, sendRing, sendRing.length),
    receiveText: windowOf(context.arena, receiveRing, receiveRing.length + beyond),
    inOrder: receiveRing.length,
    ranges,
  }
}

type Block = ConnectionSnapshot['block']

/** All of a connection but its memory. */
function blockOf(tcb: Tcb): Block {
  const block: { -readonly [K in keyof Tcb]?: Tcb[K] } = { ...tcb }
  delete block.sendRing
  delete block.receiveRing
  delete block.reassembly
  return { ...block as Block, recovery: { ...tcb.recovery, sent: compactSentQueue(tcb.recovery.sent) } }
}

/**
 * A block again, in the memory and by the clock of `context`: every time in it moves by as much as
 * the clocks differ, so timers go on where they stood and timestamps go on rising (RFC 7323 §5.4).
 * Undefined when the arena has no room.
 */
export function restoreTcb(context: TcpContext, snapshot: ConnectionSnapshot, now: number): Tcb | undefined {
  if (snapshot.version !== 1) throw new TypeError(`snapshot version is ${String(snapshot.version)}, expected 1`)
  const control = findControl(context, snapshot.congestionControl)
  if (control === undefined) {
    const known = context.controls.map(({ name }) => name).join(', ')
    throw new TypeError(`the snapshot's congestion control is ${snapshot.congestionControl}, this TCP knows ${known}`)
  }
  const sendRing = fillRing(context.arena, snapshot.sendText, snapshot.sendText.length)
  if (sendRing === undefined) return undefined
  const receiveRing = fillRing(context.arena, snapshot.receiveText, snapshot.inOrder)
  if (receiveRing === undefined) {
    if (sendRing.capacity > 0) context.arena.free(sendRing.offset)
    return undefined
  }
  let reassembly: RangeSet | undefined
  if (snapshot.ranges.length > 0) {
    reassembly = new RangeSet(MAXIMUM_RANGES)
    for (let index = 0; index < snapshot.ranges.length; index += 2) {
      reassembly.add(snapshot.ranges[index]!, snapshot.ranges[index + 1]!)
    }
  }
  const tcb: Tcb = { ...clone(snapshot.block), control: context.controls.indexOf(control), sendRing, receiveRing, reassembly }
  shiftTimes(context, tcb, now - snapshot.at)
  return tcb
}

function shiftTimes(context: TcpContext, tcb: Block, by: number): void {
  const { timers, timestamps } = tcb
  timers.retransmission += by
  timers.lossProbe += by
  timers.reorder += by
  timers.pacing += by
  timers.persist += by
  timers.delayedAck += by
  timers.timeWait += by
  timers.user += by
  timers.keepAlive += by
  timers.linger += by
  timestamps.recentAt += by
  // TSval is the clock plus this: it must not notice. Rounded up, so that it never steps back.
  timestamps.offset = (timestamps.offset + Math.ceil(-by)) | 0
  if (tcb.synTimer !== undefined) tcb.synTimer.sentAt += by
  tcb.lastSent += by
  tcb.autotune.since += by
  tcb.mtuSearch.at += by
  tcb.lastReceived += by
  tcb.challengeSecond = 0
  recoveryShiftTime(tcb.recovery, by)
  if (tcb.pacer !== undefined) pacerShiftTime(tcb.pacer, by)
  context.controls[tcb.control]!.shiftTime?.(tcb.congestion, by)
}

/**
 * A digest of a connection's whole state, 16 hexadecimal digits: equal for equal states, wherever
 * they live. Memory addresses and table places do not count; times count relative to `now`.
 */
function fingerprintTcb(context: TcpContext, tcb: Tcb, now: number): string {
  const { block, congestionControl, sendText, receiveText, inOrder, ranges } = snapshotTcb(context, tcb, now)
  shiftTimes(context, block, -now)
  return digest([{ ...block, control: congestionControl }, sendText, receiveText, inOrder, ranges])
}

/** A digest of plain data, keys in any order. */
export function digest(value: unknown): string {
  const hash = new SipHash(Int32Array.of(0, 0, 0, 0))
  feed(hash, value)
  const low = hash.finish()
  return hex(hash.high) + hex(low)
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}

const double = /* @__PURE__ */ new Float64Array(1)
const words = /* @__PURE__ */ wordsOf(double)

function wordsOf({ buffer }: Float64Array): Int32Array {
  return new Int32Array(buffer)
}

function feed(hash: SipHash, value: unknown): void {
  if (typeof value === 'number') {
    // Adding 0 makes -0 and 0 one.
    double[0] = value + 0
    hash.word(words[0]!)
    hash.word(words[1]!)
  } else if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    const items = value as unknown as ArrayLike<unknown>
    hash.word(items.length)
    for (let index = 0; index < items.length; index++) feed(hash, items[index])
  } else if (typeof value === 'object' && value !== null) {
    // A member that is undefined is one that is absent: snapshots as bytes cannot tell them apart.
    const entries = Object.entries(value).filter(([, member]) => member !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
    hash.word(entries.length)
    for (const [name, member] of entries) {
      feed(hash, name)
      feed(hash, member)
    }
  } else {
    const text = String(value)
    hash.word(text.length)
    for (let index = 0; index < text.length; index++) hash.word(text.charCodeAt(index))
  }
}

/** A deep copy of plain data: objects, arrays, typed arrays, primitives. */
function clone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return (value as unknown as { slice(): unknown }).slice() as T
  if (Array.isArray(value)) return value.map(clone) as T
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, clone(member as unknown)])) as T
}

/** The first `length` bytes of a ring's window. */
function windowOf(arena: Arena, ring: RingBuffer, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index++) {
    bytes[index] = arena.bytes[ring.offset + ((ring.start + index) & (ring.capacity - 1))]!
  }
  return bytes
}

function fillRing(arena: Arena, bytes: Uint8Array, inOrder: number): RingBuffer | undefined {
  const ring = createRing()
  if (bytes.length === 0) return ring
  if (!ringReserve(arena, ring, bytes.length)) return undefined
  arena.bytes.set(bytes, ring.offset)
  ring.length = inOrder
  return ring
}

/** For `Tcp`, which is the one that names it. */
export const connectionSnapshots: ConnectionSnapshots = { take: snapshotTcb, fingerprint: fingerprintTcb }
