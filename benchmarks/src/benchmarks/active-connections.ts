import type { AddressInfo, Socket } from 'node:net'
import type { TcpSocket } from '@layerfour/socket'
import { Errno } from '@layerfour/wire'
import type { Load, TimedBenchmark } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import { drivenHosts } from '../hosts.ts'
import { openPairs } from '../loads/idle-pairs.ts'
import { answerAll, REQUEST } from '../loads/layerfour-requests.ts'
import { succeeded } from '../succeeded.ts'

const FEW = 100
const MANY = 10_000
/** Two descriptors each: what a process may have open is 20,000 on some machines. */
const KERNEL_MANY = 5000

const baseline = `node:net, ${KERNEL_MANY.toLocaleString('en')} connections`

/** Every connection has a request under way, all of the time. */
export const activeConnections: TimedBenchmark = {
  kind: 'timed',
  group: 'scale',
  name: 'active-connections',
  title: 'TCP, 64 bytes there and back on all of many connections at once',
  unit: 'requests/s',
  scale: 1,
  contenders: [
    { name: `layerfour, ${MANY.toLocaleString('en')} connections`, open: () => layerfour(MANY) },
    { name: `layerfour, ${FEW} connections`, open: () => layerfour(FEW) },
    { name: baseline, needs: 'kernel sockets', open: () => nodeNet(KERNEL_MANY) },
    { name: `node:net, ${FEW} connections`, needs: 'kernel sockets', open: () => nodeNet(FEW) },
  ],
  baseline,
}

async function layerfour(count: number): Promise<Load> {
  // All of them have text in both buffers at once.
  const hosts = drivenHosts({ memory: 1 << 26 })
  const goal = new Goal()
  const { clients, servers } = await openPairs(hosts, count)
  for (const socket of [...clients, ...servers]) socket.setsockopt('TCP_NODELAY', 1)
  const bytes = new Uint8Array(REQUEST).fill(0x5a)
  for (const peer of servers) answerAll(peer)
  let asked = 0
  const ask = (client: TcpSocket): void => {
    asked++
    succeeded(client.send(bytes))
  }
  const onReady = (client: TcpSocket): void => {
    const count = client.recv(bytes)
    if (count === Errno.EAGAIN) return
    // Requests and responses are segments of their own, and never cut.
    if (succeeded(count) !== REQUEST) return goal.fail(new Error(`a response has ${count} bytes, expected ${REQUEST}`))
    goal.add(1)
    if (asked < goal.wanted) ask(client)
  }
  for (const client of clients) client.onReady = onReady
  return load(goal, () => asked, (i) => ask(clients[i % count]!), count, hosts.close)
}

async function nodeNet(count: number): Promise<Load> {
  const { connect, createServer } = await import('node:net')
  const goal = new Goal()
  const bytes = new Uint8Array(REQUEST).fill(0x5a)
  const server = createServer({ noDelay: true }, (peer) => peer.on('data', (data) => peer.write(data)))
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen({ port: 0, host: '127.0.0.1', backlog: 512 }, resolve)
  })
  const { port } = server.address() as AddressInfo
  const clients: Socket[] = []
  let asked = 0
  const ask = (client: Socket): void => {
    asked++
    client.write(bytes)
  }
  while (clients.length < count) {
    const client = await new Promise<Socket>((resolve, reject) => {
      const callback = (length: number): boolean => {
        if (length !== REQUEST) goal.fail(new Error(`a response has ${length} bytes, expected ${REQUEST}`))
        goal.add(1)
        if (asked < goal.wanted) ask(socket)
        return true
      }
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: new Uint8Array(REQUEST), callback } })
      socket.on('error', reject)
      socket.on('connect', () => resolve(socket))
    })
    clients.push(client)
  }
  return load(goal, () => asked, (i) => ask(clients[i % count]!), count, () => {
    for (const client of clients) client.destroy()
    server.close()
  })
}

async function load(goal: Goal, asked: () => number, ask: (i: number) => void, count: number, close: () => void): Promise<Load> {
  // A turn may ask fewer than there are: the next one goes on with the others.
  let next = 0
  const run = (amount: number): Promise<void> => {
    const reached = goal.raise(amount)
    for (let i = 0; i < count && asked() < goal.wanted; i++) ask(next++)
    return reached
  }
  // What a connection makes for its first text is not made in a turn.
  await run(2 * count)
  return { run, close }
}
