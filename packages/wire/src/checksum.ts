import { KERNEL_BYTES, memoryOf } from './_checksum-memory.ts'
import type { IpAddress } from './ip-address.ts'

/*
 * The Internet checksum (RFC 1071): the complement of the ones' complement sum of 16-bit
 * big-endian words. Ones' complement addition carries out of the top back in at the bottom, which
 * is arithmetic modulo 65535. Three consequences carry this file:
 *
 * - 2¹⁶ = 1 modulo 65535, so words of 32 bits may be added and folded once at the end;
 * - 2⁸ swaps the octets of a sum, so a sum in the machine's byte order only wants one swap at the
 *   end, and data at an odd offset one more (RFC 1071 §2 B);
 * - the words may come in any order and in parts (§2 A).
 */

/** Whether this machine keeps the low octet of a word first. */
const littleEndian: boolean = /* @__PURE__ */ isLittleEndian()

function isLittleEndian(): boolean {
  return new Uint8Array(new Uint32Array([1]).buffer)[0] === 1
}

/** Below this many bytes a plain loop beats aligning, viewing as words, folding and swapping. */
const SHORT = 24

/** The lower halves of so many 32-bit words add up to less than 2³², and so do the upper ones. */
const CHUNK_BYTES = 1 << 18

/**
 * The ones' complement sum of `bytes[start, end)`, added to `initial`, folded to 16 bits. An odd
 * last byte counts as the high octet of a word. Not yet complemented: sums of parts join by
 * `addSum`, and `finishChecksum` ends them.
 * @param initial an earlier sum over an even number of bytes, 0 to 2³¹ - 1; its word order continues.
 * @throws RangeError when [start, end) does not lie within `bytes`.
 */
export function onesComplementSum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`got the range [${start}, ${end}), expected one within ${bytes.length} bytes`)
  }
  let sum = fold(initial)
  let at = start
  for (; end - at > CHUNK_BYTES; at += CHUNK_BYTES) sum = fold(sum + sumWords(bytes, at, at + CHUNK_BYTES))
  return fold(sum + (end - at < SHORT ? sumOctets(bytes, at, end) : sumWords(bytes, at, end)))
}

/**
 * Joins sums of parts: `sum` covers what comes before, `part` what begins `offset` bytes after its
 * beginning. A part at an odd offset has its octets in the other halves of the words.
 */
export function addSum(sum: number, part: number, offset: number): number {
  return fold(sum + ((offset & 1) === 0 ? part : swap(part)))
}

/** The checksum that goes into a header: the complement of a sum. 0 to 0xffff. */
export function finishChecksum(sum: number): number {
  return ~fold(sum) & 0xffff
}

/**
 * The Internet checksum of `bytes[start, end)`. Over data that holds its right checksum, it is 0.
 * @param initial a sum to go on from, such as a pseudo-header's.
 */
export function checksum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  return ~onesComplementSum(bytes, start, end, initial) & 0xffff
}

/**
 * The checksum after one 16-bit word of its data changed, without reading the rest (RFC 1624
 * equation 3; the older equation of RFC 1141 gets -0 wrong).
 */
export function updateChecksum16(checksum: number, oldWord: number, newWord: number): number {
  return ~fold((~checksum & 0xffff) + (~oldWord & 0xffff) + (newWord & 0xffff)) & 0xffff
}

/** The checksum after 32 bits of its data at an even offset changed, signed or unsigned (RFC 1624). */
export function updateChecksum32(checksum: number, oldWord: number, newWord: number): number {
  return updateChecksum16(updateChecksum16(checksum, oldWord >>> 16, newWord >>> 16), oldWord, newWord)
}

/**
 * The sum of the pseudo-header that TCP, UDP and ICMPv6 put in front of themselves (RFC 9293 §3.1,
 * RFC 8200 §8.1). One formula serves both families: an IPv4 address is kept as ::ffff:a.b.c.d, and
 * the word ffff adds nothing modulo 65535; the layouts differ only in zeros and order.
 * @param length of the transport header and its data, in bytes.
 */
export function pseudoHeaderSum(source: IpAddress, destination: IpAddress, protocol: number, length: number): number {
  return fold(addressSum(source) + addressSum(destination) + protocol + (length >>> 16) + (length & 0xffff))
}

function addressSum(a: IpAddress): number {
  return (a.w0 >>> 16) + (a.w0 & 0xffff) + (a.w1 >>> 16) + (a.w1 & 0xffff)
    + (a.w2 >>> 16) + (a.w2 & 0xffff) + (a.w3 >>> 16) + (a.w3 & 0xffff)
}

/** Carries what overflowed 16 bits back in at the bottom. Takes 0 to 2³² - 1; 0 stays 0, nothing else becomes 0. */
function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16)
  return (once & 0xffff) + (once >>> 16)
}

function swap(sum: number): number {
  return ((sum & 0xff) << 8) | (sum >>> 8)
}

function sumOctets(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0
  let at = start
  for (const last = end - 1; at < last; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!
  return at < end ? sum + (bytes[at]! << 8) : sum
}

/**
 * By the kernel of the memory, if that has one; else in three stretches: octets up to a word boundary of the buffer, whole
 * words, the octets left over. What is summed are the words, modulo 2³², and their upper halves; the lower halves are the
 * difference: integers all along, and one operation a word less than summing both halves. Measured faster than words summed in
 * doubles, and than more accumulators, for which there are not enough registers.
 */
function sumWords(bytes: Uint8Array, start: number, end: number): number {
  const base = bytes.byteOffset
  const memory = memoryOf(bytes, (base + end) >>> 2)
  if (memory.sum !== undefined && end - start <= KERNEL_BYTES) return swap(fold(memory.sum(base + start, base + end)))
  const { words } = memory
  const body = start + (-(base + start) & 3)
  let i = (base + body) >>> 2
  const stop = (base + end) >>> 2
  let total = 0
  let high = 0
  for (const last = stop - 7; i < last; i += 8) {
    const w0 = words[i]!
    const w1 = words[i + 1]!
    const w2 = words[i + 2]!
    const w3 = words[i + 3]!
    total = (total + w0) | 0
    high = (high + (w0 >>> 16)) | 0
    total = (total + w1) | 0
    high = (high + (w1 >>> 16)) | 0
    total = (total + w2) | 0
    high = (high + (w2 >>> 16)) | 0
    total = (total + w3) | 0
    high = (high + (w3 >>> 16)) | 0
    const w4 = words[i + 4]!
    const w5 = words[i + 5]!
    const w6 = words[i + 6]!
    const w7 = words[i + 7]!
    total = (total + w4) | 0
    high = (high + (w4 >>> 16)) | 0
    total = (total + w5) | 0
    high = (high + (w5 >>> 16)) | 0
    total = (total + w6) | 0
    high = (high + (w6 >>> 16)) | 0
    total = (total + w7) | 0
    high = (high + (w7 >>> 16)) | 0
  }
  for (; i < stop; i++) {
    const word = words[i]!
    total = (total + word) | 0
    high = (high + (word >>> 16)) | 0
  }
  const low = total - (high << 16)
  const native = fold(fold(low >>> 0) + fold(high >>> 0))
  const rest = fold((littleEndian ? swap(native) : native) + sumOctets(bytes, stop * 4 - base, end))
  return sumOctets(bytes, start, body) + (((body - start) & 1) === 0 ? rest : swap(rest))
}
