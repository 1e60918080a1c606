import type { TcpSocket } from '@layerfour/socket'
import { Errno } from '@layerfour/wire'
import type { Clock } from './clock.ts'
import { COOKIE_LENGTH, isCookie } from './cookie.ts'

/** How long a new connection may take for its cookie, in ms. */
const PATIENCE = 10_000

/**
 * The first 37 bytes of a connection to a server: a cookie. Undefined when the connection ends, breaks, takes too long or says something
 * else. Not a byte more is read: the rest belongs to whoever gets the socket.
 */
export async function readCookie(socket: TcpSocket, clock: Clock): Promise<Uint8Array | undefined> {
  const cookie = new Uint8Array(COOKIE_LENGTH)
  const arrived = new AbortController()
  let at = 0
  const reading = new Promise<Uint8Array | undefined>((resolve) => {
    const read = (): void => {
      let count = 0
      while (at < COOKIE_LENGTH && (count = socket.recv(cookie, at)) > 0) at += count
      if (at < COOKIE_LENGTH && count === Errno.EAGAIN) return
      socket.onReady = null
      resolve(isCookie(cookie) ? cookie : undefined)
    }
    socket.onReady = read
    read()
  })
  const overdue = clock.sleep(PATIENCE, { signal: arrived.signal }).then(() => undefined, () => undefined)
  const read = await Promise.race([reading, overdue])
  arrived.abort()
  socket.onReady = null
  return read
}
