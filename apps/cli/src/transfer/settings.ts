import type { Impairments } from '@layerfour/sim'

/** Everything that decides how a transfer goes; the same settings and bytes give the same packets at the same times. */
export interface TransferSettings {
  /** Of both directions: bit/s, ms, probabilities. */
  readonly link: Pick<Impairments, 'rate' | 'delay' | 'jitter' | 'loss' | 'reorder' | 'duplicate' | 'corrupt' | 'queue'>
  /** Of all random draws and secrets. */
  readonly seed: number
  /** Bytes of the largest IP packet. */
  readonly mtu: number
  readonly ipv6: boolean
  /** Bytes of the send and of the receive buffer of a connection. */
  readonly buffer: number
  /** Name of the congestion control, as `--congestion` takes it. */
  readonly congestion: string
  /** Segments are spread over the round trip even when the congestion control does not ask for it. */
  readonly pacing: boolean
}

/** A link that loses and reorders, and that TCP still fills to a good part. */
export const defaultSettings: TransferSettings = {
  link: { rate: 10e6, delay: 5, jitter: 0, loss: 0.01, reorder: 0.01, duplicate: 0, corrupt: 0, queue: { packets: 100 } },
  seed: 1,
  mtu: 1500,
  ipv6: false,
  buffer: 2 ** 20,
  congestion: 'cubic',
  pacing: false,
}

export type HostName = 'client' | 'server'

export interface HostAddress {
  readonly hostname: string
  readonly prefixLength: number
}

/** Where the server listens: a port of the user range that no protocol analyser mistakes for something else. */
export const SERVER_PORT = 5001

export function hostAddresses(ipv6: boolean): Readonly<Record<HostName, HostAddress>> {
  return ipv6
    ? { client: { hostname: 'fd00::1', prefixLength: 64 }, server: { hostname: 'fd00::2', prefixLength: 64 } }
    : { client: { hostname: '10.0.0.1', prefixLength: 24 }, server: { hostname: '10.0.0.2', prefixLength: 24 } }
}
