import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import type { TcpSocket } from '@layerfour/socket'
import { Errno } from '@layerfour/wire'
import type { Load, TimedBenchmark } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import { drivenHosts, SERVER_ADDRESS } from '../hosts.ts'
import { succeeded } from '../succeeded.ts'

const PORT = 5002
/** Bytes of a request and of its response. */
const SIZE = 64

export const tcpRequestResponse: TimedBenchmark = {
  kind: 'timed',
  name: 'tcp-request-response',
  title: 'TCP, 64 bytes there and back, callbacks, one at a time',
  unit: 'requests/s',
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
    const peer = listener.accept()
    if (typeof peer === 'number') return
    answerAll(peer)
  }
  const client = hosts.client.socket('stream')
  client.setsockopt('TCP_NODELAY', 1)
  client.connect(SERVER_ADDRESS, PORT)
  const bytes = new Uint8Array(SIZE).fill(0x5a)
  let missing = SIZE
  const onReady = (): void => {
    for (let count; (count = client.recv(bytes, 0, missing)) !== Errno.EAGAIN;) {
      missing -= succeeded(count)
      if (missing > 0) continue
      missing = SIZE
      goal.add(1)
      if (goal.done < goal.wanted) client.send(bytes)
    }
  }
  return new Promise((resolve) => {
    client.onReady = () => {
      client.onReady = onReady
      resolve({
        run: (amount) => {
          const reached = goal.raise(amount)
          client.send(bytes)
          return reached
        },
        close: hosts.close,
      })
    }
  })
}

/** Sends back what comes. */
function answerAll(peer: TcpSocket): void {
  peer.setsockopt('TCP_NODELAY', 1)
  const bytes = new Uint8Array(SIZE)
  peer.onReady = () => {
    for (let count; (count = peer.recv(bytes)) > 0;) peer.send(bytes, 0, count)
  }
}

function nodeNet(): Promise<Load> {
  const goal = new Goal()
  const bytes = new Uint8Array(SIZE).fill(0x5a)
  const server = createServer({ noDelay: true }, (peer) => peer.on('data', (data) => peer.write(data)))
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      let missing = SIZE
      const callback = (count: number): boolean => {
        missing -= count
        if (missing > 0) return true
        missing = SIZE
        goal.add(1)
        if (goal.done < goal.wanted) client.write(bytes)
        return true
      }
      const client = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: new Uint8Array(SIZE), callback } })
      client.on('error', (error) => goal.fail(error))
      client.on('connect', () => resolve({
        run: (amount) => {
          const reached = goal.raise(amount)
          client.write(bytes)
          return reached
        },
        close: () => {
          client.destroy()
          server.close()
        },
      }))
    })
  })
}
