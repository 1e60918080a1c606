import type { EndpointSnapshots, UdpConfig, UdpEndpoint } from '@layerfour/udp'
import { UdpCore } from '@layerfour/udp'
import { Errno } from '@layerfour/wire'
import type { BaseProtocol, ProtocolHost } from '../protocol.ts'
import { SocketError } from '../socket-error.ts'
import type { StackSnapshot } from '../stack-snapshot.ts'
import { UdpSocket } from './udp-socket.ts'

export type UdpSettings = Partial<UdpConfig>

/** UDP in a stack: the protocol, its base sockets, and who is to be told of what. `UdpSockets` adds the rest. */
export class BaseUdpSockets implements BaseProtocol {
  readonly type = 'datagram'
  readonly name = 'udp'
  readonly transport: UdpCore
  protected readonly host: ProtocolHost
  readonly #open = new Set<UdpSocket>()
  /** Sockets that were detached: whoever waits on one hears of it in the next dispatch. */
  protected detached: UdpSocket[] = []

  constructor(host: ProtocolHost, settings: UdpSettings, snapshots?: EndpointSnapshots) {
    this.host = host
    const { network, arena, secret, ports } = host
    this.transport = new UdpCore(network, { ...settings, arena, secret, ports, snapshots })
  }

  burstTime(): number {
    return this.host.burstTime()
  }

  wake(): void {
    this.host.wake()
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

  /** Takes a socket away for `UdpSocket.detach`; base sockets alone cannot. */
  detach(_socket: UdpSocket): StackSnapshot | number {
    return Errno.EOPNOTSUPP
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
    const detached = this.detached
    if (detached.length === 0) return called
    this.detached = []
    for (const socket of detached) notify(socket, report)
    return called + detached.length
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
