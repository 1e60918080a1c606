/**
 * An IP address of either family as four int32 words in network order, IPv4 as ::ffff:a.b.c.d
 * (RFC 4291 §2.5.5.2). One shape for both families gives the transports one code path.
 */
export interface IpAddress {
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number
}

/** An address that a parser fills in place; everything else takes the read-only `IpAddress`. */
export interface MutableIpAddress {
  w0: number
  w1: number
  w2: number
  w3: number
}

/** ::, the unspecified address, ready to be filled. */
export function createIpAddress(): MutableIpAddress {
  return { w0: 0, w1: 0, w2: 0, w3: 0 }
}

export function copyIpAddress(from: IpAddress, into: MutableIpAddress): void {
  into.w0 = from.w0
  into.w1 = from.w1
  into.w2 = from.w2
  into.w3 = from.w3
}

export function ipAddressEquals(a: IpAddress, b: IpAddress): boolean {
  return a.w3 === b.w3 && a.w2 === b.w2 && a.w1 === b.w1 && a.w0 === b.w0
}

/** Whether the address is IPv4, kept as ::ffff:0:0/96. */
export function isIpv4(address: IpAddress): boolean {
  return address.w2 === 0xffff && address.w1 === 0 && address.w0 === 0
}

/** :: or 0.0.0.0: no address. */
export function isUnspecified(address: IpAddress): boolean {
  return address.w3 === 0 && (address.w2 === 0 || address.w2 === 0xffff) && address.w1 === 0 && address.w0 === 0
}
