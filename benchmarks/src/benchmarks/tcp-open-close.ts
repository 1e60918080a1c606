import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { Readiness } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'
import type { Load, TimedBenchmark } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import { drivenHosts, SERVER_ADDRESS } from '../hosts.ts'
import { succeeded } from '../succeeded.ts'

const PORT = 5003
const NOTHING = new Uint8Array(1)

/**
 * The server closes first, so that TIME-WAIT stays on its side, where it takes no ephemeral port: a client could open 16,384
 * connections a minute at most.
 */
export const tcpOpenClose: TimedBenchmark = {
  kind: 'timed',
  name: 'tcp-open-close',
  title: 'TCP, open and close with FIN in both directions, one after another',
  unit: 'connections/s',
  scale: 1,
  contenders: [
    { name: 'layerfour', open: layerfour },
    { name: 'node:net', open: nodeNet },
  ],
  baseline: 'node:net',
}

function layerfour(): Promise<Load> {
  const hosts = drivenHosts()
  const goal = new Goal()
  const listener = hosts.server.socket('stream')
  succeeded(listener.bind('0.0.0.0', PORT))
  succeeded(listener.listen())
  listener.onReady = () => {
    for (let peer; typeof (peer = listener.accept()) !== 'number';) peer.close()
  }
  const open = (): void => {
    const client = hosts.client.socket('stream')
    client.connect(SERVER_ADDRESS, PORT)
    client.onReady = () => {
      if ((client.readiness & Readiness.Error) !== 0) return goal.fail(new Error('a connection broke'))
      const count = client.recv(NOTHING)
      if (count === Errno.EAGAIN) return
      succeeded(count)
      client.close()
      goal.add(1)
      if (goal.done < goal.wanted) open()
    }
  }
  return Promise.resolve({
    run: (amount) => {
      const reached = goal.raise(amount)
      open()
      return reached
    },
    close: hosts.close,
  })
}

function nodeNet(): Promise<Load> {
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
