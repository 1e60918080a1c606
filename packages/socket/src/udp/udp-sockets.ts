import { endpointSnapshots, QUEUE_OVERHEAD } from '@layerfour/udp'
import type { NetstatRow } from '../netstat.ts'
import type { DatagramProtocol, ProtocolAccounting, ProtocolHost } from '../protocol.ts'
import { toSocketAddress } from '../socket-address.ts'
import type { StackSnapshot } from '../stack-snapshot.ts'
import type { UdpSettings } from './base-udp-sockets.ts'
import { BaseUdpSockets } from './base-udp-sockets.ts'
import type { Datagram, DatagramOptions } from './datagram.ts'
import { openDatagram } from './datagram.ts'
import type { UdpSnapshot } from './udp-snapshot.ts'
import { fingerprintUdp, restoreUdp, snapshotUdp } from './udp-snapshot.ts'
import type { UdpSocket } from './udp-socket.ts'

/** UDP in a stack with its facade, tables and snapshots. */
export class UdpSockets extends BaseUdpSockets implements DatagramProtocol {
  constructor(host: ProtocolHost, settings: UdpSettings) {
    super(host, settings, endpointSnapshots)
  }

  datagram(options: DatagramOptions): Datagram {
    return openDatagram(this.socket(), options)
  }

  snapshot(): UdpSnapshot {
    return snapshotUdp(this.sockets)
  }

  restore(snapshot: UdpSnapshot): UdpSocket[] {
    return restoreUdp(this, snapshot)
  }

  fingerprint(): string {
    return fingerprintUdp(this.sockets)
  }

  override detach(socket: UdpSocket): StackSnapshot {
    const udp = snapshotUdp([socket])
    this.detached.push(socket)
    this.wake()
    return { version: 1, tcp: null, udp }
  }

  netstat(): NetstatRow[] {
    const rows: NetstatRow[] = []
    this.transport.forEach(({ state }) => {
      const { datagrams, ring } = state.queue
      const connected = state.remotePort !== 0
      rows.push({
        protocol: 'udp',
        local: toSocketAddress(state.local, state.localPort),
        remote: connected ? toSocketAddress(state.remote, state.remotePort) : undefined,
        state: connected ? 'CONNECTED' : 'BOUND',
        receiveQueue: ring.length - datagrams * QUEUE_OVERHEAD,
        sendQueue: 0,
        timers: {},
      })
    })
    return rows
  }

  accounting(): ProtocolAccounting {
    const { transport } = this
    const { arena } = this.host
    let bytes = 0
    transport.forEach(({ state }) => {
      const { ring } = state.queue
      if (ring.offset >= 0) bytes += arena.blockSize(ring.offset)
    })
    return { sockets: transport.size, flows: transport.size, timers: transport.deadline === Infinity ? 0 : 1, bytes }
  }
}
