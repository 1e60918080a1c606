import type { LinkPort } from './link-port.ts'
import { LOOPBACK_MTU } from './limits.ts'
import type { PacketQueue } from './packet-queue.ts'

/** The interface that packets to our own addresses take. It is always there, and first; without the part `loopback` nothing takes it. */
export const LOOPBACK_INTERFACE = 0

/** Puts packets into a queue, from which the layer takes them back in at its next poll. Nothing can damage them on the way. */
export class LoopbackPort implements LinkPort {
  readonly medium = 'ip'
  readonly mtu: number = LOOPBACK_MTU
  readonly hardwareAddress: undefined = undefined
  readonly offload: LinkPort['offload'] = { transmit: true, receive: true }
  /** Undefined in a layer without the part `loopback`. */
  queue: PacketQueue | undefined = undefined

  transmit(bytes: Uint8Array, start: number, end: number): boolean {
    return this.queue !== undefined && this.queue.push(bytes, start, end, LOOPBACK_INTERFACE, 0, 0)
  }
}
