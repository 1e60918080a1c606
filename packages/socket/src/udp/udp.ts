import type { ProtocolFactory } from '../protocol.ts'
import type { UdpSettings } from './base-udp-sockets.ts'
import { UdpSockets } from './udp-sockets.ts'

/** UDP for a stack: `new Stack({ protocols: [udp()] })`. Settings out of range throw RangeError when the stack is made. */
export function udp(settings: UdpSettings = {}): ProtocolFactory {
  return { create: (host) => new UdpSockets(host, settings) }
}
