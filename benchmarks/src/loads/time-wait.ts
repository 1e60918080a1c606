import type { TcpSnapshot } from '@layerfour/socket'
import type { TimeWaitSnapshot } from '@layerfour/tcp'
import { parseIpAddress } from '@layerfour/wire'
import type { DrivenHosts } from '../hosts.ts'
import { SERVER_ADDRESS } from '../hosts.ts'

const PORTS = 50_000
/** How long they still wait, in ms: longer than a benchmark takes. */
const REMAINING = 450_000

/** Restores a snapshot that holds `count` connections in TIME-WAIT: opening and closing so many would take a minute. */
export function addTimeWait({ server }: DrivenHosts, count: number): void {
  const timeWait: TimeWaitSnapshot[] = []
  const localAddress = parseIpAddress(SERVER_ADDRESS)!
  for (let i = 0; i < count; i++) {
    const host = Math.floor(i / PORTS)
    timeWait.push({
      localAddress,
      localPort: 80,
      // Clients of another network, so that no other benchmark meets one of them.
      remoteAddress: parseIpAddress(`10.0.1.${host + 1}`)!,
      remotePort: 1024 + i % PORTS,
      sndNxt: i | 0, rcvNxt: -i | 0,
      timestamps: true, timestampRecent: 1, timestampOffset: 1,
      remaining: REMAINING,
    })
  }
  const tcp: TcpSnapshot = { sockets: [], unheld: [], timeWait }
  server.restore({ version: 1, tcp, udp: null })
}
