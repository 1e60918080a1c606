import { TcpCore } from '@layerfour/tcp'
import type { BaseProtocolFactory } from '../protocol.ts'
import type { TcpSettings } from './base-tcp-sockets.ts'
import { BaseTcpSockets } from './base-tcp-sockets.ts'

/** As `tcp()`, for a `StackCore`: base sockets alone, without promises, streams and snapshots. */
export function tcpBase(settings: TcpSettings = {}): BaseProtocolFactory {
  return { create: (host) => new BaseTcpSockets(host, settings, (network, options) => new TcpCore(network, options)) }
}
