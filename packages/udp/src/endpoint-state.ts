import type { MutableIpAddress } from '@layerfour/wire'
import { createIpAddress } from '@layerfour/wire'
import type { EndpointOptions } from './config.ts'
import type { ReceiveQueue } from './receive-queue.ts'
import { createReceiveQueue } from './receive-queue.ts'

/** All that an endpoint is, as plain data. */
export interface EndpointState {
  /** Its place in the table; -1 once it is closed. */
  slot: number
  /** Slot of the next endpoint with the same key or the same port; -1 at the end. */
  nextSameKey: number
  nextSamePort: number

  /** What `bind` said; unspecified when it said nothing else. */
  readonly bound: MutableIpAddress
  /** Where it receives: `bound`, or the one address that `connect` settled on. */
  readonly local: MutableIpAddress
  /** 0 while it is not bound. */
  localPort: number
  /** Whom it is connected to; port 0 for nobody. */
  readonly remote: MutableIpAddress
  remotePort: number
  /** SO_REUSEADDR: it may overlap with others that have it too. */
  shared: boolean

  options: EndpointOptions
  readonly queue: ReceiveQueue
  /** Negative errno of an ICMP error that the user was not told yet; 0 for none. */
  error: number
  /** Sending met a full device; who waits for `Writable` is told when to try again. */
  blocked: boolean

  datagramsIn: number
  datagramsOut: number
  /** Datagrams for this endpoint that found its queue full or no memory. */
  drops: number
}

export function createEndpointState(slot: number, options: EndpointOptions): EndpointState {
  return {
    slot,
    nextSameKey: -1,
    nextSamePort: -1,
    bound: createIpAddress(),
    local: createIpAddress(),
    localPort: 0,
    remote: createIpAddress(),
    remotePort: 0,
    shared: false,
    options,
    queue: createReceiveQueue(),
    error: 0,
    blocked: false,
    datagramsIn: 0,
    datagramsOut: 0,
    drops: 0,
  }
}
