/**
 * A unicast hardware address for emulated interface number `n`: 02:00 and then `n` in 32 bits. Its
 * "locally administered" bit (IEEE 802 §8.2) keeps it apart from every address burnt into a card.
 * @throws RangeError when `n` is not an integer from 0 to 2^32 - 1.
 */
export function localHardwareAddress(n: number): Uint8Array {
  if (!Number.isInteger(n) || n < 0 || n > 0xffffffff) {
    throw new RangeError(`interface number is ${n}, expected an integer from 0 to 4294967295`)
  }
  return Uint8Array.of(0x02, 0, n >>> 24, n >>> 16, n >>> 8, n)
}

/**
 * A copy of a given hardware address.
 * @throws TypeError unless it is six bytes of a unicast address.
 */
export function checkHardwareAddress(address: Uint8Array): Uint8Array {
  if (!(address instanceof Uint8Array) || address.length !== 6) {
    throw new TypeError(`hardwareAddress is ${describe(address)}, expected a Uint8Array of 6 bytes`)
  }
  if ((address[0]! & 1) !== 0) {
    throw new TypeError('hardwareAddress is a group address, expected a unicast one (lowest bit of the first byte 0)')
  }
  return new Uint8Array(address)
}

function describe(value: unknown): string {
  return value instanceof Uint8Array ? `a Uint8Array of ${value.length} bytes` : String(value)
}
