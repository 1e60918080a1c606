import { AddressTable } from './_address-table.ts'
import { BaseDevice } from './base-device.ts'
import type { DeviceOptions, DeviceSettings } from './device-options.ts'
import { deviceSettings } from './device-options.ts'
import { checkHardwareAddress, localHardwareAddress } from './hardware-address.ts'

export interface LearningSwitchOptions extends Omit<DeviceOptions, 'medium'> {
  /** Most ports at a time, 1 to 65,536; 256 by default. */
  readonly maxPorts?: number
  /** Most addresses learnt, a power of two from 4 to 1,048,576; 1024 by default. */
  readonly maxAddresses?: number
  /** Time in ms after which an address that sends nothing is forgotten; 300,000 by default (IEEE 802.1Q §8.8.3). */
  readonly agingTime?: number
}

/** What the switch did with the frames of all its ports. */
export interface SwitchCounters {
  /** Sent to the one port that the destination was learnt on. */
  forwarded: number
  /** Sent to all other ports: the destination is a group or not learnt. */
  flooded: number
  /** Dropped: the destination is on the port that the frame came from. */
  filtered: number
  /** Dropped: the source is a group address or zero, which no sender may use. */
  badSource: number
  /** Dropped: to 01:80:c2:00:00:00 to 0f, which bridges keep to themselves (IEEE 802.1Q §8.6.3). */
  reserved: number
  /** Dropped: came back while it was still being forwarded. Two switches are joined by two ways. */
  looped: number
}

/**
 * An Ethernet switch in this process. It learns from source addresses which port a host is on and
 * sends frames there alone; frames to groups and unknown hosts go to every other port. Frames are
 * in the other ports' receivers before `transmit` returns, uncopied, as with `pair`.
 */
export class LearningSwitch {
  readonly counters: SwitchCounters = { forwarded: 0, flooded: 0, filtered: 0, badSource: 0, reserved: 0, looped: 0 }
  readonly #settings: DeviceSettings
  readonly #maxPorts: number
  readonly #agingTime: number
  readonly #table: AddressTable
  /** A closed port leaves a gap, which the next new one fills. */
  readonly #ports: (SwitchPort | undefined)[] = []
  #now = 0
  #forwarding = false

  constructor(options: LearningSwitchOptions = {}) {
    const { maxPorts = 256, maxAddresses = 1024, agingTime = 300_000 } = options
    this.#settings = deviceSettings({ ...options, medium: 'ethernet' })
    if (!Number.isInteger(maxPorts) || maxPorts < 1 || maxPorts > 65_536) {
      throw new RangeError(`maxPorts is ${maxPorts}, expected an integer from 1 to 65536`)
    }
    if (!Number.isInteger(maxAddresses) || maxAddresses < 4 || maxAddresses > 2 ** 20 || (maxAddresses & (maxAddresses - 1)) !== 0) {
      throw new RangeError(`maxAddresses is ${maxAddresses}, expected a power of two from 4 to 1048576`)
    }
    if (!(agingTime > 0)) throw new RangeError(`agingTime is ${agingTime}, expected more than 0 ms`)
    this.#maxPorts = maxPorts
    this.#agingTime = agingTime
    this.#table = new AddressTable(maxAddresses)
  }

  /** Addresses known now. */
  get addressCount(): number {
    return this.#table.size
  }

  /**
   * A new port, to be given to a stack, or to `bridge` for a cable to somewhere else. Closing it
   * takes it off the switch. Its own address is 02:00:00:00:00:01 for the first port, and so on,
   * unless one is given; hosts on switches that are joined need addresses of their own.
   * @throws RangeError when all ports are in use.
   */
  addPort(hardwareAddress?: Uint8Array): BaseDevice {
    const gap = this.#ports.indexOf(undefined)
    const index = gap === -1 ? this.#ports.length : gap
    if (index >= this.#maxPorts) throw new RangeError(`all ${this.#maxPorts} ports of the switch are in use`)
    const address = hardwareAddress === undefined ? localHardwareAddress(index + 1) : checkHardwareAddress(hardwareAddress)
    const port = new SwitchPort(this.#settings, address, (bytes, start, end) => {
      this.#forward(index, bytes, start, end)
    }, () => {
      this.#ports[index] = undefined
      this.#table.forgetPort(index)
    })
    this.#ports[index] = port
    return port
  }

  /**
   * Tells the switch the time (monotonic ms) and forgets addresses not heard of for `agingTime`.
   * Frames are dated with the time told last, so call it as often as aging should be exact. A switch
   * that is never told keeps addresses until they move, their port closes or the table is full.
   */
  age(now: number): void {
    if (Number.isNaN(now)) throw new TypeError('now is NaN, expected a number of milliseconds')
    this.#now = now
    this.#table.forgetBefore(now - this.#agingTime)
  }

  #forward(from: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#forwarding) {
      this.counters.looped++
      return
    }
    const destinationHigh = readHigh(bytes, start)
    const destinationLow = readLow(bytes, start + 2)
    const sourceHigh = readHigh(bytes, start + 6)
    const sourceLow = readLow(bytes, start + 8)
    if ((sourceHigh & GROUP_BIT) !== 0 || (sourceHigh === 0 && sourceLow === 0)) {
      this.counters.badSource++
      return
    }
    this.#table.learn(sourceHigh, sourceLow, from, this.#now)
    if (destinationHigh === RESERVED_HIGH && (destinationLow & ~0x0f) === RESERVED_LOW) {
      this.counters.reserved++
      return
    }
    const to = (destinationHigh & GROUP_BIT) !== 0 ? -1 : this.#table.find(destinationHigh, destinationLow)
    if (to === from) {
      this.counters.filtered++
      return
    }
    this.#forwarding = true
    try {
      if (to === -1) this.#flood(from, bytes, start, end)
      else {
        this.counters.forwarded++
        this.#ports[to]?.put(bytes, start, end)
      }
    } finally {
      this.#forwarding = false
    }
  }

  #flood(from: number, bytes: Uint8Array, start: number, end: number): void {
    this.counters.flooded++
    for (let index = 0; index < this.#ports.length; index++) {
      if (index !== from) this.#ports[index]?.put(bytes, start, end)
    }
  }
}

class SwitchPort extends BaseDevice {
  readonly #forward: (bytes: Uint8Array, start: number, end: number) => void
  readonly #remove: () => void

  constructor(
    settings: DeviceSettings,
    hardwareAddress: Uint8Array,
    forward: (bytes: Uint8Array, start: number, end: number) => void,
    remove: () => void,
  ) {
    super(settings, hardwareAddress)
    this.#forward = forward
    this.#remove = remove
  }

  /** Always true: a switch drops what it cannot forward. */
  transmit(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.admit(end - start)) {
      this.sent(end - start)
      this.#forward(bytes, start, end)
    }
    return true
  }

  /** A frame from the switch to whoever is on this port. */
  put(bytes: Uint8Array, start: number, end: number): void {
    this.deliver(bytes, start, end)
  }

  override close(): void {
    if (this.closed) return
    super.close()
    this.#remove()
  }
}

/** In the first 16 bits of an address: multicast or broadcast. */
const GROUP_BIT = 0x0100
const RESERVED_HIGH = 0x0180
const RESERVED_LOW = 0xc2000000 | 0

function readHigh(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function readLow(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
