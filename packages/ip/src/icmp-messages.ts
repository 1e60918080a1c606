import type { IpAddress } from '@layerfour/wire'
import type { IcmpOutput } from './icmp-output.ts'
import type { ReceivedPacket } from './received-packet.ts'

/** What ICMP and ICMPv6 write differently. */
export interface IcmpMessages {
  /** The IP protocol number. */
  readonly protocol: number
  /** Bytes of the IP header in front. */
  readonly ipHeaderLength: number
  /** The most that an error may have, in bytes, IP header included. */
  readonly errorBytes: number
  /** Types, and the code for a port that nobody has. */
  readonly echoReply: number
  readonly unreachable: number
  readonly portUnreachable: number
  readonly timeExceeded: number
  /** Whether the packet is an ICMP error itself: an answer to it could go on for ever. */
  isAboutError(packet: ReceivedPacket): boolean
  protocolUnreachable(output: IcmpOutput, packet: ReceivedPacket, now: number): void
  writeHeader(type: number, code: number, pointer: number, bytes: Uint8Array, at: number): void
  writeChecksum(source: IpAddress, destination: IpAddress, bytes: Uint8Array, start: number, end: number): void
}
