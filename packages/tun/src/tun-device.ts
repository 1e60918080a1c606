import type { Device, Offload, PacketReceiver } from '@layerfour/link'
import { attachInterface, bringUp, configureMtu, enableOffload, LONGEST_NAME, openTunDevice, systemError } from './_interface.ts'
import { EAGAIN, EINTR, ENOBUFS, ENOMEM, libc } from './_libc.ts'
import { addKernelAddress, parseAddressWithPrefix } from './_netlink.ts'
import { poller } from './_poller.ts'
import type { Watched } from './_poller.ts'
import type { TunError } from './tun-error.ts'
import { checksumVouchedFor, segmentSizeOf, VIRTIO_HEADER_LENGTH, writeVirtioHeader } from './_virtio-header.ts'

/** `tun` carries IP packets, `tap` carries Ethernet frames. */
export type TunMode = 'tun' | 'tap'

export interface TunOptions {
  /**
   * Name of the kernel's interface, at most 15 characters; the kernel puts a number in place of `%d`. It is made when it does
   * not exist, and then vanishes at `close()`. Default: `l4tun%d` or `l4tap%d`.
   */
  readonly name?: string
  /** Default `tun`. */
  readonly mode?: TunMode
  /** Bytes of the largest IP packet, 68 to 65,535. Default: what the interface has, 1500 for a new one. */
  readonly mtu?: number
  /**
   * Addresses that the kernel shall have on its side, `10.0.0.1/24` or `fd00::1/64`. The stack at this end takes others. The
   * kernel puts IPv6 addresses into use on its own time, some milliseconds later.
   */
  readonly kernelAddresses?: readonly string[]
  /** Whether to bring the interface up; one that is up stays so. Default true. */
  readonly up?: boolean
  /** The address of this end of a `tap`, six bytes. Default: a random, locally administered one. The kernel's end has its own. */
  readonly hardwareAddress?: Uint8Array
  /**
   * Exchange TCP segments of up to 64 KiB with the kernel, and leave it to the kernel to cut them and to complete checksums
   * (IFF_VNET_HDR): many times the throughput. What `Device.offload` says holds, should the kernel not have it. Packets that the kernel
   * hands over may then be longer than the MTU, and their checksums incomplete. Default false.
   */
  readonly offload?: boolean
}

/** One side of a Linux TUN or TAP interface, whose other side is the kernel. */
export interface TunDevice extends Device {
  /** The interface's name in the kernel. */
  readonly name: string
  readonly mode: TunMode
  /**
   * Settles when the interface has been let go of: with `undefined` after `close()`, with the error when the kernel took it away
   * (`ip link delete`). Never rejects.
   */
  readonly closed: Promise<TunError | undefined>
}

// Without IFF_VNET_HDR the kernel completes checksums before it hands packets over, and verifies ours.
const NO_OFFLOAD: Offload = { transmit: false, receive: false }
// What comes in is vouched for packet by packet: what the kernel forwards from elsewhere may be damaged.
const OFFLOAD: Offload = { transmit: true, receive: false, segmentation: 65_535 }
/** Packets read from one interface before the others and the rest of the program get their turn. */
const LARGEST_BURST = 256
/** A virtio header, the largest IP packet, an Ethernet header, and room for VLAN tags. */
const BUFFER_SIZE: number = VIRTIO_HEADER_LENGTH + 65_535 + 14 + 19

/**
 * Opens a TUN or TAP interface. An open interface keeps the process running; `close()` ends that.
 *
 * Throws `TunError` when the system does not allow it, and `TypeError` or `RangeError` when an option makes no sense.
 */
export function openTun(options: TunOptions = {}): TunDevice {
  const mode = options.mode ?? 'tun'
  if (mode !== 'tun' && mode !== 'tap') throw new TypeError(`expected the mode 'tun' or 'tap', got ${JSON.stringify(mode)}`)
  const wantedName = checkName(options.name ?? `l4${mode}%d`)
  checkMtu(options.mtu)
  const hardwareAddress = mode === 'tap' ? ownHardwareAddress(options.hardwareAddress) : undefined
  const kernelAddresses = (options.kernelAddresses ?? []).map(parseAddressWithPrefix)

  const fd = openTunDevice()
  try {
    const offloaded = options.offload === true ? attachInterface(fd, wantedName, mode, true) : undefined
    const name = offloaded ?? attachInterface(fd, wantedName, mode, false)!
    if (offloaded !== undefined) enableOffload(fd, VIRTIO_HEADER_LENGTH)
    const mtu = configureMtu(name, options.mtu)
    for (const address of kernelAddresses) addKernelAddress(name, address)
    if (options.up ?? true) bringUp(name)
    return new LinuxTun(fd, name, mode, mtu, hardwareAddress, offloaded !== undefined)
  } catch (error) {
    libc().close(fd)
    throw error
  }
}

class LinuxTun implements TunDevice, Watched {
  readonly fd: number
  readonly name: string
  readonly mode: TunMode
  readonly medium: 'ip' | 'ethernet'
  readonly mtu: number
  readonly hardwareAddress: Uint8Array | undefined
  readonly offload: Offload
  readonly closed: Promise<TunError | undefined>
  #resolveClosed: (error: TunError | undefined) => void
  #receiver: PacketReceiver | undefined
  #failure: TunError | undefined
  #open = true
  /** Bytes in front of each packet, in both directions: a virtio header or nothing. */
  readonly #headerLength: number
  readonly #buffer = new Uint8Array(BUFFER_SIZE)
  /** Where a packet is put behind its virtio header: not in memory that was only lent. */
  readonly #outgoing: Uint8Array
  readonly #libc = libc()

  constructor(fd: number, name: string, mode: TunMode, mtu: number, hardwareAddress: Uint8Array | undefined, offload: boolean) {
    this.fd = fd
    this.name = name
    this.mode = mode
    this.medium = mode === 'tun' ? 'ip' : 'ethernet'
    this.mtu = mtu
    this.hardwareAddress = hardwareAddress
    this.offload = offload ? OFFLOAD : NO_OFFLOAD
    this.#headerLength = offload ? VIRTIO_HEADER_LENGTH : 0
    this.#outgoing = new Uint8Array(offload ? BUFFER_SIZE : 0)
    const { promise, resolve } = withResolvers<TunError | undefined>()
    this.closed = promise
    this.#resolveClosed = resolve
    poller.add(this)
  }

  attach(receiver: PacketReceiver): void {
    this.#receiver = receiver
  }

  transmit(bytes: Uint8Array, start: number, end: number, segmentSize = 0): boolean {
    if (!this.#open) return true
    if (this.#headerLength === 0) {
      const packet = start === 0 ? bytes : bytes.subarray(start, end)
      return this.#write(packet, end - start)
    }
    const length = VIRTIO_HEADER_LENGTH + end - start
    if (length > BUFFER_SIZE) return true
    const outgoing = this.#outgoing
    outgoing.set(bytes.subarray(start, end), VIRTIO_HEADER_LENGTH)
    writeVirtioHeader(outgoing, 0, length, this.medium === 'ethernet', segmentSize)
    return this.#write(outgoing, length)
  }

  #write(packet: Uint8Array, length: number): boolean {
    if (this.#libc.write(this.fd, packet, length) >= 0) return true
    const errno = this.#libc.lastError()
    // Anything else will not get better by waiting: an interface that is down, or no IP packet. It is lost, as on a cable.
    return !(errno === EAGAIN || errno === ENOBUFS || errno === ENOMEM || errno === EINTR)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#receiver = undefined
    poller.remove(this)
  }

  readable(): boolean {
    let burst = 0
    for (; burst < LARGEST_BURST && this.#open; burst++) {
      const buffer = this.#buffer
      const length = this.#libc.read(this.fd, buffer, BUFFER_SIZE)
      if (length < 0) {
        this.#readFailed()
        break
      }
      if (this.#headerLength === 0) this.#receiver?.(buffer, 0, length, 0, false)
      else this.#receiver?.(buffer, VIRTIO_HEADER_LENGTH, length, segmentSizeOf(buffer, 0), checksumVouchedFor(buffer, 0))
    }
    return burst > 0
  }

  released(): void {
    this.#libc.close(this.fd)
    this.#resolveClosed(this.#failure)
  }

  #readFailed(): void {
    const errno = this.#libc.lastError()
    if (errno === EAGAIN || errno === EINTR) return
    this.#failure = systemError(`interface ${this.name} is gone`, 'read', {
      EBADFD: 'somebody deleted it',
      EFAULT: 'somebody deleted it',
    })
    this.close()
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((settle) => (resolve = settle))
  return { promise, resolve }
}

function checkName(name: string): string {
  // The kernel's own rules (dev_valid_name), and of formats only one %d.
  const valid = name.length > 0 && name.length <= LONGEST_NAME && /^[\x21-\x7e]+$/.test(name) && !/[/:]|^\.{1,2}$/.test(name)
  if (!valid || /%(?!d)|%d.*%d/.test(name)) {
    const rule = `1 to ${LONGEST_NAME} printable ASCII characters without space, '/' or ':'`
    throw new TypeError(`expected an interface name of ${rule}, got ${JSON.stringify(name)}`)
  }
  return name
}

function checkMtu(mtu: number | undefined): void {
  if (mtu === undefined || (Number.isInteger(mtu) && mtu >= 68 && mtu <= 65_535)) return
  throw new RangeError(`expected an MTU from 68 to 65535, got ${mtu}`)
}

function ownHardwareAddress(given: Uint8Array | undefined): Uint8Array {
  if (given !== undefined) {
    if (given.length !== 6 || (given[0]! & 1) !== 0) {
      throw new TypeError(`expected a unicast hardware address of 6 bytes, got [${given.join(', ')}]`)
    }
    return given.slice()
  }
  const address = crypto.getRandomValues(new Uint8Array(6))
  address[0] = (address[0]! & 0xfc) | 0x02
  return address
}
