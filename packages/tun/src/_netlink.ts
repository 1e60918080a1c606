import { libc, O_CLOEXEC } from './_libc.ts'
import { systemError } from './_interface.ts'
import { TunError } from './tun-error.ts'

// <linux/netlink.h>, <linux/rtnetlink.h>, <linux/if_addr.h>
const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16
const SOCK_RAW = 3
const NETLINK_ROUTE = 0
const RTM_NEWADDR = 20
const NLM_F_REQUEST_ACK_CREATE_REPLACE = 0x001 | 0x004 | 0x400 | 0x100
const NLMSG_ERROR = 2
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_FLAGS = 8
const IFA_F_NODAD = 2
const MESSAGE_HEADER = 16
const ADDRESS_HEADER = 8

export interface AddressWithPrefix {
  readonly text: string
  /** 4 bytes for IPv4, 16 for IPv6. */
  readonly bytes: Uint8Array
  readonly prefixLength: number
}

/** Reads `10.0.0.1/24` or `fd00::1/64`; a missing length means the one address alone. Throws `TypeError`. */
export function parseAddressWithPrefix(text: string): AddressWithPrefix {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const family = address.includes(':') ? AF_INET6 : AF_INET
  const bytes = new Uint8Array(family === AF_INET6 ? 16 : 4)
  const longest = bytes.length * 8
  const length = slash < 0 ? String(longest) : text.slice(slash + 1)
  if (libc().parseAddress(family, address, bytes) !== 1 || !/^\d{1,3}$/.test(length) || Number(length) > longest) {
    throw new TypeError(`expected an address with prefix length such as 10.0.0.1/24 or fd00::1/64, got ${JSON.stringify(text)}`)
  }
  return { text, bytes, prefixLength: Number(length) }
}

/**
 * Gives the kernel's side of an interface one more address, as `ip address replace` does. Netlink (RFC 3549) rather than the old
 * ioctls: it is one way for both families and for any number of addresses.
 */
export function addKernelAddress(name: string, address: AddressWithPrefix): void {
  const c = libc()
  const message = `cannot give ${name} the address ${address.text}`
  const fd = c.socket(AF_NETLINK, SOCK_RAW | O_CLOEXEC, NETLINK_ROUTE)
  if (fd < 0) throw systemError(message, 'socket')
  try {
    const request = newAddressRequest(c.interfaceIndex(name), address)
    if (c.write(fd, request, request.length) < 0) throw systemError(message, 'write')
    const reply = new DataView(new ArrayBuffer(4096))
    const length = c.read(fd, new Uint8Array(reply.buffer), reply.byteLength)
    if (length < 0) throw systemError(message, 'read')
    // The reply's error number is negative; 0 acknowledges.
    const errno = length >= MESSAGE_HEADER + 4 && reply.getUint16(4, true) === NLMSG_ERROR ? reply.getInt32(MESSAGE_HEADER, true) : 0
    if (errno !== 0) {
      const code = c.errorName(-errno)
      const hint =
        code === 'EPERM' ? ': this needs CAP_NET_ADMIN (root has it)'
        : address.bytes.length === 16 && (code === 'EACCES' || code === 'EOPNOTSUPP') ? ': IPv6 is disabled on this interface or host'
        : ''
      throw new TunError(message + hint, { code, errno, syscall: 'RTM_NEWADDR' })
    }
  } finally {
    c.close(fd)
  }
}

function newAddressRequest(interfaceIndex: number, address: AddressWithPrefix): Uint8Array {
  const attribute = 4 + address.bytes.length
  const length = MESSAGE_HEADER + ADDRESS_HEADER + 2 * attribute + 8
  const view = new DataView(new ArrayBuffer(length))
  view.setUint32(0, length, true)
  view.setUint16(4, RTM_NEWADDR, true)
  view.setUint16(6, NLM_F_REQUEST_ACK_CREATE_REPLACE, true)
  let at = MESSAGE_HEADER
  view.setUint8(at, address.bytes.length === 4 ? AF_INET : AF_INET6)
  view.setUint8(at + 1, address.prefixLength)
  view.setUint32(at + 4, interfaceIndex, true)
  at += ADDRESS_HEADER
  for (const type of [IFA_LOCAL, IFA_ADDRESS]) {
    view.setUint16(at, attribute, true)
    view.setUint16(at + 2, type, true)
    new Uint8Array(view.buffer).set(address.bytes, at + 4)
    at += attribute
  }
  // Usable at once: no second of duplicate address detection on a link that has one neighbour.
  view.setUint16(at, 8, true)
  view.setUint16(at + 2, IFA_FLAGS, true)
  view.setUint32(at + 4, IFA_F_NODAD, true)
  return new Uint8Array(view.buffer)
}
