import type { ChecksumOffload, Device, PacketReceiver } from '@layerfour/link'
import { attachInterface, bringUp, configureMtu, LONGEST_NAME, openTunDevice, systemError } from './_interface.ts'
import { EAGAIN, EINTR, ENOBUFS, ENOMEM, libc } from './_libc.ts'
import { addKernelAddress, parseAddressWithPrefix } from './_netlink.ts'
import { poller } from './_poller.ts'
import type { Watched } from './_poller.ts'
import type { TunError } from './tun-error.ts'

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

const NO_OFFLOAD: ChecksumOffload = { transmit: false, receive: false }
/** Packets read from one interface before the others and the rest of the program get their turn. */
const LARGEST_BURST = 256
/** The largest IP packet, an Ethernet header, and room for VLAN tags. */
const BUFFER_SIZE = 65_535 + 14 + 19

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
    const name = attachInterface(fd, wantedName, mode)
    const mtu = configureMtu(name, options.mtu)
    for (const address of kernelAddresses) addKernelAddress(name, address)
    if (options.up ?? true) bringUp(name)
    return new LinuxTun(fd, name, mode, mtu, hardwareAddress)
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
  // Without IFF_VNET_HDR the kernel completes checksums before it hands packets over, and verifies ours.
  readonly offload: ChecksumOffload = NO_OFFLOAD
  readonly closed: Promise<TunError | undefined>
  #resolveClosed: (error: TunError | undefined) => void
  #receiver: PacketReceiver | undefined
  #failure: TunError | undefined
  #open = true
  readonly #buffer = new Uint8Array(BUFFER_SIZE)
  readonly #libc = libc()

  constructor(fd: number, name: string, mode: TunMode, mtu: number, hardwareAddress: Uint8Array | undefined) {
    this.fd = fd
    this.name = name
    this.mode = mode
    this.medium = mode === 'tun' ? 'ip' : 'ethernet'
    this.mtu = mtu
    this.hardwareAddress = hardwareAddress
    const { promise, resolve } = withResolvers<TunError | undefined>()
    this.closed = promise
    this.#resolveClosed = resolve
    poller.add(this)
  }

  attach(receiver: PacketReceiver): void {
    this.#receiver = receiver
  }

  transmit(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#open) return true
    const packet = start === 0 ? bytes : bytes.subarray(start, end)
    if (this.#libc.write(this.fd, packet, end - start) >= 0) return true
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

  readable(): void {
    for (let burst = 0; burst < LARGEST_BURST && this.#open; burst++) {
      const length = this.#libc.read(this.fd, this.#buffer, BUFFER_SIZE)
      if (length < 0) return this.#readFailed()
      this.#receiver?.(this.#buffer, 0, length)
    }
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
