import type { Stack, TcpSocket } from '@layerfour/socket'
import { SocketError } from '@layerfour/socket'
import { Readiness } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'

export interface SocketOptions {
  /** Nagle's algorithm off. */
  readonly noDelay: boolean
}

/** A connected socket of the base. Rejects with a `SocketError`. */
export function connectSocket(stack: Stack, hostname: string, port: number, { noDelay }: SocketOptions): Promise<TcpSocket> {
  const socket = stack.socket('stream')
  if (noDelay) socket.setsockopt('TCP_NODELAY', 1)
  return new Promise((resolve, reject) => {
    const fail = (errno: number): void => {
      socket.close()
      reject(new SocketError(errno, 'connect', { hostname, port }))
    }
    socket.onReady = () => {
      const { readiness } = socket
      if ((readiness & Readiness.Connected) !== 0) {
        socket.onReady = null
        resolve(socket)
      } else if ((readiness & (Readiness.Error | Readiness.Closed)) !== 0) {
        fail(socket.getsockopt('SO_ERROR') || Errno.ECONNABORTED)
      }
    }
    const begun = socket.connect(hostname, port)
    if (begun !== Errno.EINPROGRESS) fail(begun)
  })
}
