import type { UdpConfig, UdpEndpoint } from '@layerfour/udp'
import { QUEUE_OVERHEAD, Udp } from '@layerfour/udp'
import type { NetstatRow } from '../netstat.ts'
import type { DatagramProtocol, ProtocolAccounting, ProtocolHost } from '../protocol.ts'
import { toSocketAddress } from '../socket-address.ts'
import { SocketError } from '../socket-error.ts'
import type { DatagramOptions } from './datagram.ts'
import { Datagram } from './datagram.ts'
import { UdpSocket } from './udp-socket.ts'

export type UdpSettings = Partial<UdpConfig>

/** UDP in a stack: the protocol, its sockets, and who is to be told of what. */
export class UdpSockets implements DatagramProtocol {
  readonly type = 'datagram'
  readonly name = 'udp'
  readonly transport: Udp
  readonly #host: ProtocolHost

  constructor(host: ProtocolHost, settings: UdpSettings) {
    this.#host = host
    this.transport = new Udp(host.network, { ...settings, arena: host.arena, secret: host.secret, ports: host.ports })
  }

  now(): number {
    return this.#host.now()
  }

  wake(): void {
    this.#host.wake()
  }

  socket(): UdpSocket {
    const endpoint = this.transport.open()
    if (typeof endpoint === 'number') throw new SocketError(endpoint, 'socket')
    return new UdpSocket(this, endpoint)
  }

  datagram(options: DatagramOptions): Datagram {
    return new Datagram(this.socket(), options)
  }

  dispatch(report: (error: unknown) => void): number {
    const { transport } = this
    let called = 0
    for (let endpoint = transport.takeReady(); endpoint !== undefined; endpoint = transport.takeReady()) {
      const { onReady } = socketOf(endpoint)
      if (onReady === null) continue
      called++
      try {
        onReady(socketOf(endpoint))
      } catch (error) {
        report(error)
      }
    }
    return called
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
    const { arena } = this.#host
    let bytes = 0
    transport.forEach(({ state }) => {
      const { ring } = state.queue
      if (ring.offset >= 0) bytes += arena.blockSize(ring.offset)
    })
    return { sockets: transport.size, flows: transport.size, timers: transport.deadline === Infinity ? 0 : 1, bytes }
  }

  stop(errno: number, report: (error: unknown) => void): void {
    const sockets: UdpSocket[] = []
    this.transport.forEach((endpoint) => sockets.push(socketOf(endpoint)))
    for (const socket of sockets) {
      try {
        socket.stop(errno)
      } catch (error) {
        report(error)
      }
    }
  }
}

function socketOf(endpoint: UdpEndpoint): UdpSocket {
  return endpoint.owner as UdpSocket
}
