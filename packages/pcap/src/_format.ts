// Numbers of draft-ietf-opsawg-pcapng, by the names used there.

export const SECTION_HEADER_BLOCK = 0x0a0d0d0a
export const INTERFACE_DESCRIPTION_BLOCK = 1
export const SIMPLE_PACKET_BLOCK = 3
export const ENHANCED_PACKET_BLOCK = 6

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d

export const OPT_ENDOFOPT = 0
export const OPT_COMMENT = 1
export const SHB_USERAPPL = 4
export const IF_NAME = 2
export const IF_DESCRIPTION = 3
export const IF_TSRESOL = 9
export const IF_TSOFFSET = 14

/** Type and length before a block's body. */
export const BLOCK_HEADER_LENGTH = 8
/** The smallest block: type, length, and the length again. */
export const SMALLEST_BLOCK = 12

/** Everything in a file begins at a multiple of four bytes. */
export function padded(length: number): number {
  return length + (-length & 3)
}
