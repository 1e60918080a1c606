import type { TcpConnection } from '@layerfour/socket'
import { CHARGEN_PERIOD, fillChargen } from '../chargen.ts'

/** What a service does with one connection. It may throw what the connection throws: whoever runs it closes the connection. */
export type TcpService = (connection: TcpConnection) => Promise<void>

const CHUNK = 65_536

/** RFC 862: what comes in goes out again. Who does not read gets no more room to write. */
export async function echo(connection: TcpConnection): Promise<void> {
  const buffer = new Uint8Array(CHUNK)
  for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
    await connection.write(buffer.subarray(0, count))
  }
  await connection.closeWrite()
}

/** RFC 863: what comes in is thrown away. */
export async function discard(connection: TcpConnection): Promise<void> {
  await discardUntilEnd(connection)
  await connection.closeWrite()
}

/** RFC 867: one line with the date and time, then the end. */
export async function daytime(connection: TcpConnection): Promise<void> {
  await connection.write(new TextEncoder().encode(`${new Date().toUTCString()}\r\n`))
  await connection.closeWrite()
  // What the client sends is thrown away, as the RFC says; closing on it would reset.
  await discardUntilEnd(connection)
}

/** RFC 864: characters until the client ends; what it sends is thrown away. */
export async function chargen(connection: TcpConnection): Promise<void> {
  const lines = new Uint8Array(CHARGEN_PERIOD)
  fillChargen(lines, 0, lines.length, 0)
  const stop = new AbortController()
  // When the connection breaks, writing fails too.
  discardUntilEnd(connection).then(() => stop.abort(), () => undefined)
  while (!stop.signal.aborted) {
    await connection.write(lines, { signal: stop.signal }).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error
    })
  }
  await connection.closeWrite()
}

/** Reads until the client ends. */
export async function discardUntilEnd(connection: TcpConnection): Promise<void> {
  const buffer = new Uint8Array(CHUNK)
  while (await connection.read(buffer) !== null) {
    // Gone.
  }
}
