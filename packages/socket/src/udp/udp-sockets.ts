import type { UdpConfig, UdpEndpoint } from '@layerfour/udp'
import { QUEUE_OVERHEAD, Udp } from '@layerfour/udp'
import type { NetstatRow } from '../netstat.ts'
import type { DatagramProtocol, ProtocolAccounting, ProtocolHost } from '../protocol.ts'
import { toSocketAddress } from '../socket-address.ts'
import { SocketError } from '../socket-error.ts'
import type { StackSnapshot } from '../stack-snapshot.ts'
import type { Datagram, DatagramOptions } from './datagram.ts'
import { openDatagram } from './datagram.ts'
import type { UdpSnapshot } from './udp-snapshot.ts'
import { fingerprintUdp, restoreUdp, snapshotUdp } from './udp-snapshot.ts'
import { UdpSocket } from './udp-socket.ts'

export type UdpSettings = Partial<UdpConfig>

/** UDP in a stack: the protocol, its sockets, and who is to be told of what. */
export class UdpSockets implements DatagramProtocol {
  readonly type = 'datagram'
  readonly name = 'udp'
  readonly transport: Udp
  readonly #host: ProtocolHost
  readonly #open = new Set<UdpSocket>()
  /** Sockets that were detached: whoever waits on one hears of it in the next dispatch. */
  #detached: UdpSocket[] = []

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
    const socket = new UdpSocket(this, endpoint)
    this.#open.add(socket)
    return socket
  }

  /** The socket was closed. */
  release(socket: UdpSocket): void {
    this.#open.delete(socket)
  }

  get sockets(): UdpSocket[] {
    return [...this.#open]
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

  detach(socket: UdpSocket): StackSnapshot {
    const udp = snapshotUdp([socket])
    this.#detached.push(socket)
    this.wake()
    return { version: 1, tcp: null, udp }
  }

  dispatch(report: (error: unknown) => void): number {
    const { transport } = this
    let called = 0
    for (let endpoint = transport.takeReady(); endpoint !== undefined; endpoint = transport.takeReady()) {
      const socket = socketOf(endpoint)
      if (socket.onReady === null) continue
      called++
      notify(socket, report)
    }
    const detached = this.#detached
    if (detached.length === 0) return called
    this.#detached = []
    for (const socket of detached) notify(socket, report)
    return called + detached.length
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
    for (const socket of this.sockets) {
      try {
        socket.stop(errno)
      } catch (error) {
        report(error)
      }
    }
  }
}

function notify(socket: UdpSocket, report: (error: unknown) => void): void {
  try {
    socket.onReady?.(socket)
  } catch (error) {
    report(error)
  }
}

function socketOf(endpoint: UdpEndpoint): UdpSocket {
  return endpoint.owner as UdpSocket
}
