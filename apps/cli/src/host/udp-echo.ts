import type { Datagram } from '@layerfour/socket'
import { SocketError } from '@layerfour/socket'

/** Below it are services, some of which answer whatever they get: two that echo each other never stop. */
const FIRST_CLIENT_PORT = 1024

/** RFC 862 over UDP, until the socket closes. Datagrams from service ports get no answer. */
export async function udpEcho(datagram: Datagram, report: (error: unknown) => void): Promise<void> {
  for await (const { data, remoteAddress } of datagram) {
    if (remoteAddress.port < FIRST_CLIENT_PORT) continue
    try {
      await datagram.send(data, remoteAddress)
    } catch (error) {
      // No way back to the sender: its datagram is lost, like any other might be.
      if (!(error instanceof SocketError)) report(error)
    }
  }
}
