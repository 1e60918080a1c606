import type { Listener, TcpConnection } from '@layerfour/socket'
import { SocketError } from '@layerfour/socket'
import type { TcpService } from './tcp-services.ts'

/** Connections that one service attends to at a time; further ones wait in the listener's backlog. */
const MOST_CONNECTIONS = 512

/** Attends to every connection of a listener until that closes. Connections that break end quietly; our own faults go to `report`. */
export async function serve(listener: Listener, service: TcpService, report: (error: unknown) => void): Promise<void> {
  const active = new Set<Promise<void>>()
  for await (const connection of listener) {
    const done = attend(connection, service, report).finally(() => active.delete(done))
    active.add(done)
    if (active.size >= MOST_CONNECTIONS) await Promise.race(active)
  }
}

async function attend(connection: TcpConnection, service: TcpService, report: (error: unknown) => void): Promise<void> {
  try {
    await service(connection)
    await connection.close()
  } catch (error) {
    connection.abort()
    if (!(error instanceof SocketError)) report(error)
  }
}
