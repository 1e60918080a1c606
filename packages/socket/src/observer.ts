import type { IpObserver } from '@layerfour/ip'
import type { Device } from '@layerfour/link'
import type { TcpObserver } from '@layerfour/tcp'

/**
 * Sees what happens inside a stack: packets in and out and drops with their reasons (`IpObserver`),
 * state changes with their causes and congestion events (`TcpObserver`). Every member may be absent
 * and then costs nothing. Packets are lent for the call; nothing may be changed, and nothing called
 * on the stack.
 */
export interface Observer extends IpObserver, TcpObserver {
  /** The stack got an interface; later calls name it by its index. Interface 0 is the loopback and is not announced. */
  interfaceAdded?(index: number, device: Device): void
}
