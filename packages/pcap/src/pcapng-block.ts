/** Begins a section; numbers of interfaces count anew. A file has one, or several when files were joined. */
export interface PcapngSection {
  readonly type: 'section'
  readonly byteOrder: 'little-endian' | 'big-endian'
  /** The program that wrote it. */
  readonly application: string | undefined
  readonly comments: readonly string[]
}

/** Where packets were captured. */
export interface PcapngInterface {
  readonly type: 'interface'
  /** Its number in this section, from 0. */
  readonly index: number
  /** A value of `LinkType`, or another of tcpdump's registry. */
  readonly linkType: number
  /** Bytes kept of each packet; 0 for all. */
  readonly snapLength: number
  readonly name: string | undefined
  readonly description: string | undefined
  /** Units of a packet's time in a second: 1e6 when the file does not say, 1e9 as `PcapngWriter` writes it. */
  readonly ticksPerSecond: number
  /** Seconds to add to every time. */
  readonly timeOffset: number
  readonly comments: readonly string[]
}

export interface PcapngPacket {
  readonly type: 'packet'
  readonly interfaceIndex: number
  readonly linkType: number
  /** In ms since 1970 or another epoch of the writer's, as exactly as a double can; undefined in a Simple Packet Block. */
  readonly time: number | undefined
  /** What was kept of the packet: a view of the file's bytes. */
  readonly bytes: Uint8Array
  /** Its length on the wire. */
  readonly originalLength: number
  readonly comments: readonly string[]
}

/** Why reading ended before the end of the file. Nothing follows it. */
export interface PcapngError {
  readonly type: 'error'
  readonly message: string
  /** Where the faulty block begins, in bytes from the start of the file. */
  readonly at: number
}

export type PcapngBlock = PcapngSection | PcapngInterface | PcapngPacket | PcapngError
