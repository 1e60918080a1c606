import type { ConnectionInfo, TcpListener } from '@layerfour/tcp'
import type { NetstatRow } from '../netstat.ts'
import { toSocketAddress } from '../socket-address.ts'

export function netstatListener(listener: TcpListener): NetstatRow {
  return {
    protocol: 'tcp',
    local: toSocketAddress(listener.address, listener.port),
    remote: undefined,
    state: 'LISTEN',
    receiveQueue: listener.waiting,
    sendQueue: listener.backlog,
    timers: {},
  }
}

export function netstatConnection(info: ConnectionInfo, now: number): NetstatRow {
  const timers: Record<string, number> = {}
  for (const [name, deadline] of Object.entries(info.timers)) timers[name] = Math.max(deadline - now, 0)
  return {
    protocol: 'tcp',
    local: toSocketAddress(info.localAddress, info.localPort),
    remote: toSocketAddress(info.remoteAddress, info.remotePort),
    state: info.state,
    receiveQueue: info.receiveQueue,
    sendQueue: info.sendQueue,
    cwnd: info.cwnd,
    ...(info.rtt < 0 ? {} : { rtt: info.rtt }),
    timers,
  }
}
