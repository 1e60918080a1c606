import type { DeviceOptions, DeviceSettings } from '@layerfour/link'
import { BaseDevice, checkHardwareAddress, deviceSettings, localHardwareAddress } from '@layerfour/link'
import { LinkCore } from './_link-core.ts'
import { TO_A } from './_one-way.ts'
import type { Impairments } from './impairments.ts'
import { impairments } from './impairments.ts'
import type { LinkDirection, LinkObserver } from './link-events.ts'
import type { LinkStats } from './link-stats.ts'
import type { Pollable } from './simulation.ts'

/** Impairments stand for both directions; `aToB` and `bToA` say what is different in one. */
export interface EmulatedLinkOptions extends Partial<Impairments>, DeviceOptions {
  /** Of all random draws: an integer from 0 to 2^53 - 1; 0 by default. */
  readonly seed?: number
  readonly aToB?: Partial<Impairments>
  readonly bToA?: Partial<Impairments>
  /**
   * Most bytes for packets in the link, a power of two of at most 2^30; 2^24 (16 MiB) by default. Each packet takes the
   * next power of two of its length, at least 256. When it is full, `transmit` refuses packets. Memory is taken as needed.
   */
  readonly memory?: number
  /** `ethernet` only: the two ends' addresses; 02:00:00:00:00:01 and 02:00:00:00:00:02 by default. */
  readonly hardwareAddresses?: readonly [Uint8Array, Uint8Array]
  readonly observer?: LinkObserver
}

/**
 * A cable between two devices, with rate, queue, delay, jitter, loss, duplication, reordering and
 * corruption in each direction, all drawn from one seed. `transmit` copies a packet and makes the
 * link due at once; `poll(now)` sends what was transmitted since the last poll as of `now` and
 * hands over what has arrived by then. A `Simulation` drives it, or anything else that polls.
 */
export class EmulatedLink implements Pollable {
  readonly a: BaseDevice
  readonly b: BaseDevice
  /** Counters of both directions; live, so copy what you compare. */
  readonly stats: { readonly aToB: Readonly<LinkStats>, readonly bToA: Readonly<LinkStats> }
  private readonly core: LinkCore

  /** @throws TypeError or RangeError when an option is wrong. */
  constructor(options: EmulatedLinkOptions = {}) {
    const { seed = 0, memory = 2 ** 24, hardwareAddresses = [localHardwareAddress(1), localHardwareAddress(2)] } = options
    const settings = deviceSettings(options)
    const both = impairments(options)
    const fates: [Impairments, Impairments] = [impairments(options.aToB ?? {}, both), impairments(options.bToA ?? {}, both)]
    for (const fate of fates) checkDamage(fate, settings.offload.receive)
    const core = new LinkCore(memory, settings.longestPacket, seed, fates)
    const addresses = settings.medium === 'ethernet' ? hardwareAddresses.map(checkHardwareAddress) : []
    const a = new LinkEnd(core, 0, settings, addresses[0])
    const b = new LinkEnd(core, TO_A, settings, addresses[1])
    core.connect([b, a])
    core.observer = options.observer ?? null
    this.core = core
    this.a = a
    this.b = b
    this.stats = { aToB: core.ways[0].stats, bToA: core.ways[1].stats }
  }

  /** Told what happens to packets; null is nobody. May be set at any time. */
  get observer(): LinkObserver | null {
    return this.core.observer
  }

  set observer(observer: LinkObserver | null) {
    this.core.observer = observer
  }

  /** What is done to the packets of one direction. */
  impairments(direction: LinkDirection): Impairments {
    return this.core.fates[indexOf(direction)]
  }

  /**
   * Changes what is done to the packets of one direction. Those that entered before, waiting ones too, keep their times and fates.
   * @throws RangeError or TypeError when a value is wrong; then nothing is changed.
   */
  change(direction: LinkDirection, changes: Partial<Impairments>): void {
    const index = indexOf(direction)
    const fate = impairments(changes, this.core.fates[index])
    checkDamage(fate, this.a.offload.receive)
    this.core.fates[index] = fate
  }

  /** When the next packet arrives or is lost, in ms; -Infinity when one was transmitted since the last poll. */
  get deadline(): number {
    return this.core.deadline
  }

  /** @throws TypeError when `now` is NaN. */
  poll(now: number): number {
    if (now !== now) throw new TypeError('now is NaN, expected a number of milliseconds')
    this.core.poll(now)
    return this.core.deadline
  }

  /** Closes both ends and drops the packets in the link. Idempotent. */
  close(): void {
    this.a.close()
    this.b.close()
    this.core.clear()
  }
}

class LinkEnd extends BaseDevice {
  private readonly core: LinkCore
  private readonly direction: 0 | typeof TO_A

  constructor(core: LinkCore, direction: 0 | typeof TO_A, settings: DeviceSettings, hardwareAddress: Uint8Array | undefined) {
    super(settings, hardwareAddress)
    this.core = core
    this.direction = direction
  }

  /** False when the link's memory is full. A full queue drops the packet and does not say so, as in a router. */
  transmit(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.admit(end - start)) return true
    if (!this.core.accept(this.direction, bytes, start, end)) {
      this.counters.refused++
      return false
    }
    this.sent(end - start)
    return true
  }

  /** A packet that has come through the link. */
  put(bytes: Uint8Array, start: number, end: number): void {
    this.deliver(bytes, start, end)
  }
}

function indexOf(direction: LinkDirection): 0 | 1 {
  if (direction !== 'aToB' && direction !== 'bToA') {
    throw new TypeError(`direction is ${String(direction)}, expected 'aToB' or 'bToA'`)
  }
  return direction === 'aToB' ? 0 : 1
}

function checkDamage({ corrupt }: Impairments, vouched: boolean): void {
  if (corrupt > 0 && vouched) {
    throw new TypeError(`corrupt is ${corrupt} and offload.receive true, expected one of them only: damage would go unseen`)
  }
}
