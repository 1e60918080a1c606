import type { ProtocolFactory } from '../protocol.ts'
import type { TcpSettings } from './base-tcp-sockets.ts'
import { TcpSockets } from './tcp-sockets.ts'

/** TCP for a stack: `new Stack({ protocols: [tcp()] })`. Settings out of range throw RangeError when the stack is made. */
export function tcp(settings: TcpSettings = {}): ProtocolFactory {
  return { create: (host) => new TcpSockets(host, settings) }
}
