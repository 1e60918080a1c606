import { errnoName } from '@layerfour/wire'
import type { SocketAddress } from './socket-address.ts'

/** A call on a socket failed; shaped like Node's system errors. */
export class SocketError extends Error {
  override readonly name = 'SocketError'
  /** `ECONNREFUSED`, `ETIMEDOUT`, `EADDRINUSE`… */
  readonly code: string
  /** The same as a negative number, as Linux has it: -111. */
  readonly errno: number
  /** The call that failed: `connect`, `bind`, `read`… */
  readonly syscall: string
  /** The other end of a connection, or the address that could not be bound. */
  readonly address: string | undefined
  readonly port: number | undefined

  constructor(errno: number, syscall: string, endpoint?: SocketAddress) {
    const code = errnoName(errno)
    super(endpoint === undefined ? `${syscall} ${code}` : `${syscall} ${code} ${describe(endpoint)}`)
    this.code = code
    this.errno = errno
    this.syscall = syscall
    this.address = endpoint?.hostname
    this.port = endpoint?.port
  }
}

function describe({ hostname, port }: SocketAddress): string {
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`
}
