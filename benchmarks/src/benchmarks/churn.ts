import type { AddressInfo, Socket } from 'node:net'
import type { TcpSocket } from '@layerfour/socket'
import { Readiness } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'
import type { Load, TimedBenchmark } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import { drivenHosts, SERVER_ADDRESS } from '../hosts.ts'
import { REQUEST } from '../loads/layerfour-requests.ts'
import { succeeded } from '../succeeded.ts'

const PORT = 5007
/** Connections at any time. */
const CONCURRENT = 100

/** As a busy server has it. The server closes first, for the reason that `tcp-open-close` gives. */
export const churn: TimedBenchmark = {
  kind: 'timed',
  group: 'scale',
  name: 'churn',
  title: `TCP, ${CONCURRENT} connections at a time: open, one 64-byte request and response, close`,
  unit: 'connections/s',
  scale: 1,
  contenders: [
    { name: 'layerfour', open: layerfour },
    { name: 'node:net', needs: 'kernel sockets', open: nodeNet },
  ],
  baseline: 'node:net',
}

function layerfour(): Promise<Load> {
  const hosts = drivenHosts()
  const goal = new Goal()
  const request = new Uint8Array(REQUEST).fill(0x5a)
  const into = new Uint8Array(2 * REQUEST)
  const listener = hosts.server.socket('stream')
  succeeded(listener.bind('0.0.0.0', PORT))
  succeeded(listener.listen())
  const answer = (peer: TcpSocket): void => {
    const count = peer.recv(into)
    if (count === Errno.EAGAIN) return
    peer.send(into, 0, succeeded(count))
    peer.close()
  }
  listener.onReady = () => {
    for (let peer; typeof (peer = listener.accept()) !== 'number';) {
      peer.onReady = answer
      answer(peer)
    }
  }
  let started = 0
  const onReady = (client: TcpSocket): void => {
    if ((client.readiness & Readiness.Error) !== 0) return goal.fail(new Error('a connection broke'))
    for (let count; (count = client.recv(into)) !== 0;) {
      if (count === Errno.EAGAIN) return
      succeeded(count)
    }
    client.close()
    goal.add(1)
    if (started < goal.wanted) open()
  }
  const onConnected = (client: TcpSocket): void => {
    client.onReady = onReady
    client.send(request)
    onReady(client)
  }
  const open = (): void => {
    started++
    const client = hosts.client.socket('stream')
    client.onReady = onConnected
    client.connect(SERVER_ADDRESS, PORT)
  }
  return Promise.resolve(load(goal, () => started, open, hosts.close))
}

async function nodeNet(): Promise<Load> {
  const { connect, createServer } = await import('node:net')
  const goal = new Goal()
  const request = new Uint8Array(REQUEST).fill(0x5a)
  const server = createServer({ noDelay: true }, (peer: Socket) => {
    peer.on('data', (data) => peer.end(data))
    peer.on('error', (error) => goal.fail(error))
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen({ port: 0, host: '127.0.0.1', backlog: 2 * CONCURRENT }, () => {
      const { port } = server.address() as AddressInfo
      let started = 0
      const open = (): void => {
        started++
        const client = connect({ port, host: '127.0.0.1', noDelay: true })
        client.resume()
        client.write(request)
        client.on('error', (error) => goal.fail(error))
        client.on('close', () => {
          goal.add(1)
          if (started < goal.wanted) open()
        })
      }
      resolve(load(goal, () => started, open, () => void server.close()))
    })
  })
}

function load(goal: Goal, started: () => number, open: () => void, close: () => void): Load {
  return {
    run: (amount) => {
      const reached = goal.raise(amount)
      for (let i = 0; i < CONCURRENT && started() < goal.wanted; i++) open()
      return reached
    },
    close,
  }
}
