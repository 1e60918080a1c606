import type { TcpSocket } from '@layerfour/socket'
import { Readiness } from '@layerfour/tcp'
import { sleep } from '../host.ts'
import type { DrivenHosts } from '../hosts.ts'
import { SERVER_ADDRESS } from '../hosts.ts'
import { succeeded } from '../succeeded.ts'

const FIRST_PORT = 6000
/** Of the 16,384 ephemeral ports for one peer and port: a search for the last free ones would take long. */
const PER_PORT = 12_500
/** Handshakes at a time: what waits in a backlog (128) must be few. */
const BURST = 100
/** Delayed acknowledgments and probes have gone after so many ms. */
const SETTLED = 150

/** Both ends of connections that do nothing. */
export interface IdlePairs {
  readonly clients: readonly TcpSocket[]
  readonly servers: readonly TcpSocket[]
}

/** Opens `count` connections between the hosts, and waits until nothing moves any more. The application holds every socket. */
export async function openPairs(hosts: DrivenHosts, count: number): Promise<IdlePairs> {
  const clients: TcpSocket[] = []
  const servers: TcpSocket[] = []
  for (let port = FIRST_PORT; clients.length < count; port++) {
    await openOn(hosts, port, Math.min(PER_PORT, count - clients.length), clients, servers)
  }
  if (count > 0) await sleep(SETTLED)
  return { clients, servers }
}

async function openOn(hosts: DrivenHosts, port: number, count: number, clients: TcpSocket[], servers: TcpSocket[]): Promise<void> {
  const listener = hosts.server.socket('stream')
  succeeded(listener.bind('0.0.0.0', port))
  succeeded(listener.listen())
  let missing = 0
  let burstDone = (): void => undefined
  let failed = (_error: Error): void => undefined
  const done = (): void => {
    if (--missing === 0) burstDone()
  }
  listener.onReady = () => {
    for (let peer; typeof (peer = listener.accept()) !== 'number';) {
      servers.push(peer)
      done()
    }
  }
  const onReady = (socket: TcpSocket): void => {
    if ((socket.readiness & Readiness.Error) !== 0) return failed(new Error('a connection broke'))
    socket.onReady = null
    done()
  }
  for (let opened = 0; opened < count; opened += BURST) {
    const burst = Math.min(BURST, count - opened)
    // Both ends tell.
    missing = 2 * burst
    await new Promise<void>((resolve, reject) => {
      burstDone = resolve
      failed = reject
      for (let i = 0; i < burst; i++) {
        const client = hosts.client.socket('stream')
        client.onReady = onReady
        client.connect(SERVER_ADDRESS, port)
        clients.push(client)
      }
    })
  }
}
