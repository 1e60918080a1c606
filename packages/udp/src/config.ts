import type { IpAddress } from '@layerfour/wire'

/** Settings of one UDP, all optional in `new Udp(…)`; the figures after each are the defaults. */
export interface UdpConfig {
  /** Endpoints that may be open at once: 16,384. */
  readonly maxEndpoints: number
  /** `receiveBuffer` of new endpoints: 131,072 bytes. */
  readonly receiveBuffer: number
  /** `receiveQueue` of new endpoints: 1,024 datagrams. */
  readonly receiveQueue: number
}

/** What the user may set for one endpoint. */
export interface EndpointOptions {
  /** Allow sending to broadcast addresses: false (RFC 1122 §3.3.6, SO_BROADCAST). */
  readonly broadcast: boolean
  /** Hop limit of outgoing datagrams, 0 to 255; 0 takes the internet layer's default, and 1 to groups (RFC 1112 §6.1): 0. */
  readonly hopLimit: number
  /** DSCP and ECN of outgoing datagrams, 0 to 255: 0. */
  readonly trafficClass: number
  /** Refuse datagrams that would need fragments, with EMSGSIZE: false. */
  readonly dontFragment: boolean
  /** Most bytes queued; a datagram takes its data and `QUEUE_OVERHEAD`. Memory is taken as they arrive. 0 to 2^30. */
  readonly receiveBuffer: number
  /** Most datagrams queued, 0 to 2^20. */
  readonly receiveQueue: number
}

/** Chooses local ports for those who name none (RFC 6056). */
export interface PortChooser {
  /** A port for which `isFree` holds; 0 when there is none. `remote` is unspecified and `remotePort` 0 when not known yet. */
  choose(local: IpAddress, remote: IpAddress, remotePort: number, isFree: (port: number) => boolean): number
}

export const defaultConfig: UdpConfig = {
  maxEndpoints: 16_384,
  receiveBuffer: 131_072,
  receiveQueue: 1_024,
}

const limits: Readonly<Record<string, readonly [number, number]>> = {
  maxEndpoints: [1, 1 << 20],
  hopLimit: [0, 255],
  trafficClass: [0, 255],
  receiveBuffer: [0, 1 << 30],
  receiveQueue: [0, 1 << 20],
}

/** Throws RangeError for a figure out of range, TypeError for a flag that is none. */
export function checkSettings(settings: object): void {
  for (const [name, value] of Object.entries(settings) as [string, unknown][]) {
    const limit = limits[name]
    if (limit === undefined) {
      if (typeof value !== 'boolean') throw new TypeError(`UDP setting ${name} is ${String(value)}; expected true or false`)
    } else if (!Number.isInteger(value) || (value as number) < limit[0] || (value as number) > limit[1]) {
      throw new RangeError(`UDP setting ${name} is ${String(value)}; expected an integer from ${limit[0]} to ${limit[1]}`)
    }
  }
}
