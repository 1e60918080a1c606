import type { BaseProtocolFactory } from '../protocol.ts'
import type { UdpSettings } from './base-udp-sockets.ts'
import { BaseUdpSockets } from './base-udp-sockets.ts'

/** As `udp()`, for a `StackCore`: base sockets alone, without promises and snapshots. */
export function udpBase(settings: UdpSettings = {}): BaseProtocolFactory {
  return { create: (host) => new BaseUdpSockets(host, settings) }
}
