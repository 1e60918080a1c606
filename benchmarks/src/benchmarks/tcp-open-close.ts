import type { AddressInfo } from 'node:net'
import type { Load, TimedBenchmark } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import { drivenHosts } from '../hosts.ts'
import { layerfourOpens } from '../loads/layerfour-opens.ts'

/**
 * The server closes first, so that TIME-WAIT stays on its side, where it takes no ephemeral port: a client could open 16,384
 * connections a minute at most.
 */
export const tcpOpenClose: TimedBenchmark = {
  kind: 'timed',
  group: 'speed',
  name: 'tcp-open-close',
  title: 'TCP, open and close with FIN in both directions, one after another',
  unit: 'connections/s',
  scale: 1,
  contenders: [
    { name: 'layerfour', open: () => layerfourOpens(drivenHosts()) },
    { name: 'node:net', needs: 'kernel sockets', open: nodeNet },
  ],
  baseline: 'node:net',
}

async function nodeNet(): Promise<Load> {
  const { connect, createServer } = await import('node:net')
  const goal = new Goal()
  const server = createServer((peer) => {
    peer.end()
    peer.resume()
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const open = (): void => {
        const client = connect({ port, host: '127.0.0.1' })
        client.resume()
        client.on('error', (error) => goal.fail(error))
        client.on('close', () => {
          goal.add(1)
          if (goal.done < goal.wanted) open()
        })
      }
      resolve({
        run: (amount) => {
          const reached = goal.raise(amount)
          open()
          return reached
        },
        close: () => void server.close(),
      })
    })
  })
}
