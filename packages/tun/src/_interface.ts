import { libc, O_CLOEXEC, O_NONBLOCK, O_RDWR } from './_libc.ts'
import type { TunMode } from './tun-device.ts'
import { TunError } from './tun-error.ts'

const TUN_PATH = '/dev/net/tun'
// <linux/if_tun.h>, <linux/sockios.h>, <linux/if.h>
const TUNSETIFF = 0x400454ca
const IFF_TUN = 1
const IFF_TAP = 2
const IFF_NO_PI = 0x1000
const IFF_VNET_HDR = 0x4000
const TUNSETOFFLOAD = 0x400454d0
const TUNSETVNETHDRSZ = 0x400454d8
const TUN_F_CSUM_TSO4_TSO6_ECN = 0x01 | 0x02 | 0x04 | 0x08
const SIOCGIFFLAGS = 0x8913
const SIOCSIFFLAGS = 0x8914
const SIOCGIFMTU = 0x8921
const SIOCSIFMTU = 0x8922
const IFF_UP = 1
const AF_INET = 2
const SOCK_DGRAM = 2

/** Longest interface name in bytes: IFNAMSIZ less the final zero. */
export const LONGEST_NAME = 15
const IFREQ_SIZE = 40

/** struct ifreq: 16 bytes of name, then a union, of which a 16-bit or 32-bit number at its start is all we use. */
function interfaceRequest(name: string): DataView {
  const request = new DataView(new ArrayBuffer(IFREQ_SIZE))
  for (let i = 0; i < name.length; i++) request.setUint8(i, name.charCodeAt(i))
  return request
}

function bytesOf(request: DataView): Uint8Array {
  return new Uint8Array(request.buffer)
}

/** The error of the system call that has just failed, with advice where there is any. */
export function systemError(message: string, syscall: string, advice: Readonly<Record<string, string>> = {}): TunError {
  const c = libc()
  const errno = c.lastError()
  const code = c.errorName(errno)
  const hint = advice[code]
  return new TunError(hint === undefined ? `${message}: ${syscall} failed` : `${message}: ${hint}`, { code, errno: -errno, syscall })
}

export function openTunDevice(): number {
  const fd = libc().open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC)
  if (fd >= 0) return fd
  const noDriver = 'load the driver with `modprobe tun`, or give the container the device (`--device /dev/net/tun`)'
  const denied = 'this user may not open it; run as root, or change the access rights of the device file'
  throw systemError(`cannot open ${TUN_PATH}`, 'open', {
    ENOENT: noDriver,
    ENODEV: noDriver,
    ENXIO: noDriver,
    EACCES: denied,
    EPERM: denied,
  })
}

/**
 * Makes the interface, or takes hold of one that exists. Returns its real name: the kernel replaces `%d` by a number.
 * @param offload whether each packet shall have a virtio header in front; undefined when the kernel knows none.
 */
export function attachInterface(fd: number, name: string, mode: TunMode, offload: boolean): string | undefined {
  const request = interfaceRequest(name)
  request.setInt16(16, (mode === 'tun' ? IFF_TUN : IFF_TAP) | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0), true)
  if (libc().ioctl(fd, TUNSETIFF, bytesOf(request)) < 0) {
    // The same error as for an interface of another mode: the next attempt, without, tells which it is.
    if (offload && libc().errorName(libc().lastError()) === 'EINVAL') return undefined
    throw systemError(`cannot attach to interface ${name}`, 'ioctl(TUNSETIFF)', {
      EPERM:
        'this needs CAP_NET_ADMIN (root has it), or an interface made for this user beforehand: ' +
        `\`ip tuntap add dev ${name} mode ${mode} user NAME\``,
      EBUSY: 'another process has it open; close that one or choose another name',
      EINVAL: `an interface of that name exists and is no ${mode.toUpperCase()} interface; choose another name or mode`,
    })
  }
  const bytes = bytesOf(request)
  return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)))
}

/**
 * Has the kernel hand over checksums to be completed and segments to be cut as they are. A kernel that refuses, refuses nothing but
 * that: it then does both itself, for what it sends us, and still for what it gets from us.
 */
export function enableOffload(fd: number, headerLength: number): void {
  const size = new Uint8Array(new Int32Array([headerLength]).buffer)
  if (libc().ioctl(fd, TUNSETVNETHDRSZ, size) < 0) throw systemError('cannot set the length of virtio headers', 'ioctl(TUNSETVNETHDRSZ)')
  libc().ioctlNumber(fd, TUNSETOFFLOAD, TUN_F_CSUM_TSO4_TSO6_ECN)
}

/** Sets the MTU when one is given, and returns the one in force, in bytes of an IP packet. */
export function configureMtu(name: string, mtu: number | undefined): number {
  const request = interfaceRequest(name)
  control(SIOCGIFMTU, request, 'SIOCGIFMTU', `cannot read the MTU of ${name}`)
  const current = request.getInt32(16, true)
  if (mtu === undefined || mtu === current) return current
  request.setInt32(16, mtu, true)
  control(SIOCSIFMTU, request, 'SIOCSIFMTU', `cannot set the MTU of ${name} to ${mtu}`)
  return mtu
}

/** An interface that is up already is left alone, so that a prepared one needs no privilege. */
export function bringUp(name: string): void {
  const request = interfaceRequest(name)
  control(SIOCGIFFLAGS, request, 'SIOCGIFFLAGS', `cannot read the flags of ${name}`)
  const flags = request.getInt16(16, true)
  if ((flags & IFF_UP) !== 0) return
  request.setInt16(16, flags | IFF_UP, true)
  control(SIOCSIFFLAGS, request, 'SIOCSIFFLAGS', `cannot bring ${name} up`)
}

/** These calls are made on any socket, not on the interface's own descriptor. */
function control(number: number, request: DataView, label: string, message: string): void {
  const c = libc()
  const fd = c.socket(AF_INET, SOCK_DGRAM | O_CLOEXEC, 0)
  if (fd < 0) throw systemError(message, 'socket')
  try {
    if (c.ioctl(fd, number, bytesOf(request)) < 0) {
      throw systemError(message, `ioctl(${label})`, {
        EPERM: 'this needs CAP_NET_ADMIN (root has it)',
        EINVAL: 'the kernel does not accept the value',
      })
    }
  } finally {
    c.close(fd)
  }
}
