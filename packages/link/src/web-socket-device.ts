import { bytesOfMessage, copyOfPacket, dataOf } from './_packet-bytes.ts'
import { BaseDevice } from './base-device.ts'
import type { DeviceOptions } from './device-options.ts'
import { deviceSettings } from './device-options.ts'
import { checkHardwareAddress } from './hardware-address.ts'

/** The part of the WebSocket interface that the carrier uses: browsers', Deno's, Bun's, Node's and `ws`' all have it. */
export interface WebSocketLike {
  binaryType: string
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number
  /** Bytes given to `send` that have not left yet. */
  readonly bufferedAmount: number
  send(data: Uint8Array<ArrayBuffer>): void
  close(): void
  addEventListener(type: 'message' | 'close' | 'error', listener: (event: object) => void): void
  removeEventListener(type: 'message' | 'close', listener: (event: object) => void): void
}

export interface WebSocketDeviceOptions extends DeviceOptions {
  /** Needed when `medium` is `ethernet`. */
  readonly hardwareAddress?: Uint8Array
  /** `transmit` refuses packets while the socket's `bufferedAmount` is at or above it; 262,144 by default. */
  readonly highWater?: number
}

const CONNECTING = 0
const OPEN = 1

/**
 * Packets over a WebSocket: one binary message is one packet, in both directions. The socket may
 * still be connecting: until it is open, `transmit` refuses packets. Text, empty and oversize messages are counted
 * and dropped. The device owns the socket from then on: it sets `binaryType`, and `close` closes it.
 */
export class WebSocketDevice extends BaseDevice {
  readonly #socket: WebSocketLike
  readonly #highWater: number

  /** @throws TypeError or RangeError when an option is wrong. */
  constructor(socket: WebSocketLike, options: WebSocketDeviceOptions = {}) {
    const { highWater = 262_144, hardwareAddress } = options
    const settings = deviceSettings(options)
    super(settings, settings.medium === 'ethernet' ? checkHardwareAddress(hardwareAddress!) : undefined)
    if (!(highWater > 0)) throw new RangeError(`highWater is ${highWater}, expected more than 0 bytes`)
    this.#highWater = highWater
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', this.#onMessage)
    socket.addEventListener('close', this.#onClose)
    // `ws` throws an error event that nobody listens to; 'close' follows and says the same. It stays
    // after close(), as closing a socket that still connects is an error event too.
    socket.addEventListener('error', ignore)
  }

  transmit(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.admit(end - start)) return true
    const socket = this.#socket
    if (socket.readyState !== OPEN && socket.readyState !== CONNECTING) {
      this.counters.afterClose++
      return true
    }
    if (socket.readyState === CONNECTING || socket.bufferedAmount >= this.#highWater) {
      this.counters.refused++
      return false
    }
    // A copy, as the bytes are lent for this call alone and some implementations send later.
    socket.send(copyOfPacket(bytes, start, end))
    this.sent(end - start)
    return true
  }

  override close(): void {
    if (this.closed) return
    this.#release()
    this.#socket.close()
  }

  #release(): void {
    super.close()
    this.#socket.removeEventListener('message', this.#onMessage)
    this.#socket.removeEventListener('close', this.#onClose)
  }

  readonly #onMessage = (event: object): void => {
    const bytes = bytesOfMessage(dataOf(event))
    if (bytes === undefined) this.counters.notBinary++
    else this.deliver(bytes, 0, bytes.length)
  }

  readonly #onClose = (): void => {
    this.#release()
  }
}

function ignore(): void {}
