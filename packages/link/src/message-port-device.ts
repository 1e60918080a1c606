import { bytesOfMessage, copyOfPacket, dataOf } from './_packet-bytes.ts'
import { BaseDevice } from './base-device.ts'
import type { DeviceOptions } from './device-options.ts'
import { deviceSettings } from './device-options.ts'
import { checkHardwareAddress } from './hardware-address.ts'

/** The part of the MessagePort interface that the carrier uses; a `Worker` and a worker's `self` have it too. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void
  addEventListener(type: 'message' | 'close', listener: (event: object) => void): void
  removeEventListener(type: 'message' | 'close', listener: (event: object) => void): void
  start?(): void
  close?(): void
}

export interface MessagePortDeviceOptions extends DeviceOptions {
  /** Needed when `medium` is `ethernet`. */
  readonly hardwareAddress?: Uint8Array
  /**
   * `transmit` refuses packets while this many bytes have not been taken in by the other side; at
   * least 65,536, by default 262,144. Infinity turns that off in both directions, for another side
   * that is no `MessagePortDevice`; both sides must agree.
   */
  readonly highWater?: number
}

/** A side reports at the latest when this much has come in; highWater is larger, so neither side can wait for ever. */
const REPORT_EVERY = 16_384
const SMALLEST_HIGH_WATER = 65_536

/**
 * Packets over a MessagePort: to a worker, a frame, or another part of the page. One message with an
 * ArrayBuffer is one packet; it is copied once and then moved (transferred), not cloned. A port does
 * not tell how much is waiting in it, so each side reports how many bytes it has taken in so far, as
 * a message that is a number. The device owns the port from then on: it starts it, and `close` closes it.
 */
export class MessagePortDevice extends BaseDevice {
  readonly #port: MessagePortLike
  readonly #highWater: number
  /** Bytes sent, and how many of them the other side has reported; bytes received, and how many of them we have. */
  #sentBytes = 0
  #takenBytes = 0
  #receivedBytes = 0
  #reportedBytes = 0

  /** @throws TypeError or RangeError when an option is wrong. */
  constructor(port: MessagePortLike, options: MessagePortDeviceOptions = {}) {
    const { highWater = 262_144, hardwareAddress } = options
    const settings = deviceSettings(options)
    super(settings, settings.medium === 'ethernet' ? checkHardwareAddress(hardwareAddress!) : undefined)
    if (!(highWater >= SMALLEST_HIGH_WATER)) {
      throw new RangeError(`highWater is ${highWater}, expected at least ${SMALLEST_HIGH_WATER} bytes, or Infinity`)
    }
    this.#highWater = highWater
    this.#port = port
    port.addEventListener('message', this.#onMessage)
    port.addEventListener('close', this.#onClose)
    port.start?.()
  }

  /** Bytes on their way: sent, and not reported as taken in by the other side. */
  get inFlight(): number {
    return this.#sentBytes - this.#takenBytes
  }

  transmit(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.admit(end - start)) return true
    if (this.inFlight >= this.#highWater) {
      this.counters.refused++
      return false
    }
    const { buffer } = copyOfPacket(bytes, start, end)
    this.#port.postMessage(buffer, [buffer])
    this.#sentBytes += end - start
    this.sent(end - start)
    return true
  }

  override close(): void {
    if (this.closed) return
    this.#release()
    this.#port.close?.()
  }

  #release(): void {
    super.close()
    this.#port.removeEventListener('message', this.#onMessage)
    this.#port.removeEventListener('close', this.#onClose)
  }

  readonly #onMessage = (event: object): void => {
    const data = dataOf(event)
    const bytes = bytesOfMessage(data)
    if (bytes !== undefined) {
      this.#receivedBytes += bytes.length
      this.deliver(bytes, 0, bytes.length)
      this.#report()
    } else if (!this.#takeReport(data)) this.counters.notBinary++
  }

  readonly #onClose = (): void => {
    this.#release()
  }

  #report(): void {
    if (this.closed || this.#highWater === Infinity || this.#receivedBytes - this.#reportedBytes < REPORT_EVERY) return
    this.#reportedBytes = this.#receivedBytes
    this.#port.postMessage(this.#receivedBytes, [])
  }

  /** Whether `data` is a report that can be true: more than the last one, and no more than was sent. */
  #takeReport(data: unknown): boolean {
    if (typeof data !== 'number' || !(data > this.#takenBytes) || data > this.#sentBytes) return false
    this.#takenBytes = data
    return true
  }
}
