import { readUint16, readUint32, updateChecksum16, writeUint16 } from '@layerfour/wire'

/** A packet with text on its way to the receiver, as a router might look at it. */
export interface DataPacket {
  /** Whose it is, by its place in the network's list. */
  sender: number
  /** How many packets with text the sender sent before. */
  number: number
  /** When, ms. */
  now: number
  /** Sequence number of its first byte (int32), and bytes of text. */
  sequence: number
  length: number
}

export function createDataPacket(): DataPacket {
  return { sender: 0, number: 0, now: 0, sequence: 0, length: 0 }
}

/** Takes in what is in an IPv4 packet's headers. */
export function readDataPacket(packet: DataPacket, bytes: Uint8Array, start: number, end: number): void {
  const segment = start + ((bytes[start]! & 15) << 2)
  packet.sequence = readUint32(bytes, segment + 4) | 0
  packet.length = end - segment - ((bytes[segment + 12]! >> 4) << 2)
}

/** The last byte of an IPv4 packet's source or destination address. */
export function senderOf(bytes: Uint8Array, start: number, end: 'source' | 'destination'): number {
  return bytes[start + (end === 'source' ? 15 : 19)]!
}

/** Says Congestion Experienced in an IPv4 packet, in place (RFC 3168 §5). Whether its sender allows that. */
export function mark(bytes: Uint8Array, start: number): boolean {
  const old = readUint16(bytes, start)
  if ((old & 3) === 0) return false
  writeUint16(bytes, start, old | 3)
  writeUint16(bytes, start + 10, updateChecksum16(readUint16(bytes, start + 10), old, old | 3))
  return true
}
