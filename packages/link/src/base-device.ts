import type { Device, Offload, PacketReceiver } from './device.ts'
import type { DeviceCounters } from './device-counters.ts'
import { createDeviceCounters } from './device-counters.ts'
import type { DeviceSettings } from './device-options.ts'

/**
 * What all carriers share: the receiver, the closed flag, length checks and counters. A carrier of
 * your own extends it, calls `admit` before a packet goes out and `deliver` when one has come in.
 */
export abstract class BaseDevice implements Device {
  readonly medium: 'ip' | 'ethernet'
  readonly mtu: number
  readonly offload: Offload
  readonly hardwareAddress: Uint8Array | undefined
  readonly counters: DeviceCounters = createDeviceCounters()
  readonly #shortest: number
  readonly #longest: number
  readonly #longestSegmented: number
  #receiver: PacketReceiver | null = null
  #closed = false

  constructor(settings: DeviceSettings, hardwareAddress: Uint8Array | undefined) {
    this.medium = settings.medium
    this.mtu = settings.mtu
    this.offload = settings.offload
    this.hardwareAddress = hardwareAddress
    this.#shortest = settings.shortestPacket
    this.#longest = settings.longestPacket
    this.#longestSegmented = settings.longestSegmented
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Whether somebody takes incoming packets. */
  get attended(): boolean {
    return this.#receiver !== null
  }

  attach(receiver: PacketReceiver): void {
    if (typeof receiver !== 'function') throw new TypeError(`receiver is ${typeof receiver}, expected a function`)
    if (!this.#closed) this.#receiver = receiver
  }

  abstract transmit(bytes: Uint8Array, start: number, end: number, segmentSize?: number): boolean

  close(): void {
    this.#closed = true
    this.#receiver = null
  }

  /** Whether an outgoing packet of `length` bytes may go on the medium; if not, it is counted as dropped. */
  protected admit(length: number, segmentSize = 0): boolean {
    if (this.#closed) {
      this.counters.afterClose++
      return false
    }
    return this.#fits(length, segmentSize)
  }

  /** Counts a packet that went out. */
  protected sent(length: number): void {
    this.counters.packetsOut++
    this.counters.bytesOut += length
  }

  /** Hands an incoming packet to the receiver, or counts why not. */
  protected deliver(bytes: Uint8Array, start: number, end: number, segmentSize = 0): void {
    const counters = this.counters
    if (this.#closed) {
      counters.afterClose++
      return
    }
    if (!this.#fits(end - start, segmentSize)) return
    const receiver = this.#receiver
    if (receiver === null) {
      counters.unattended++
      return
    }
    counters.packetsIn++
    counters.bytesIn += end - start
    receiver(bytes, start, end, segmentSize)
  }

  #fits(length: number, segmentSize: number): boolean {
    if (length > this.#longest && !(segmentSize > 0 && length <= this.#longestSegmented)) {
      this.counters.tooLong++
      return false
    }
    // Written so that NaN does not pass.
    if (!(length >= this.#shortest)) {
      this.counters.tooShort++
      return false
    }
    return true
  }
}
