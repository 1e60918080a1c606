import type { Listener, TcpConnection } from '@layerfour/socket'
import { SocketError } from '@layerfour/socket'
import type { TcpService } from './tcp-services.ts'

/** Connections that one service attends to at a time; further ones wait in the listener's backlog. */
const MOST_CONNECTIONS = 512

/** Attends to every connection of a listener until that closes. Connections that break end quietly; our own faults go to `report`. */
export async function serve(listener: Listener, service: TcpService, report: (error: unknown) => void): Promise<void> {
  let active = 0
  let proceed: (() => void) | undefined
  for await (const connection of listener) {
    active++
    void attend(connection, service, report).then(() => {
      active--
      proceed?.()
    })
    if (active >= MOST_CONNECTIONS) await new Promise<void>((resolve) => { proceed = resolve })
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
