import type { TcpSnapshot } from './tcp/tcp-snapshot.ts'
import type { UdpSnapshot } from './udp/udp-snapshot.ts'

/**
 * The sockets of a stack, or one of them, as plain data that structured clone and `encodeSnapshot` take. Times are those of the clock it
 * was taken by; restoring shifts them.
 */
export interface StackSnapshot {
  readonly version: 1
  /** Null for a stack, or a part of one, without TCP. */
  readonly tcp: TcpSnapshot | null
  /** Null for a stack, or a part of one, without UDP. */
  readonly udp: UdpSnapshot | null
}
