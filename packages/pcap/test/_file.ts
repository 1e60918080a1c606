import { PcapngWriter, readPcapng } from '../src/index.ts'
import type { PcapngBlock, PcapngPacket, PcapngWriterOptions } from '../src/index.ts'

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The file that `write` makes. */
export function file(write: (writer: PcapngWriter) => void, options?: PcapngWriterOptions): Uint8Array {
  const parts: Uint8Array[] = []
  write(new PcapngWriter((bytes) => parts.push(bytes), options))
  return concatenate(parts)
}

export function packetsOf(bytes: Uint8Array): PcapngPacket[] {
  return [...readPcapng(bytes)].filter((block: PcapngBlock) => block.type === 'packet')
}

/** Bytes from hex with spaces and line ends. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s+/g, '').match(/../g) ?? [], (pair) => parseInt(pair, 16))
}
