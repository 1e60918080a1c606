import type { AddressInfo, Socket } from 'node:net'
import type { Load, TimedBenchmark } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import { drivenHosts } from '../hosts.ts'
import { exchangeBound } from '../loads/bounds.ts'
import { layerfourPromises, layerfourRequests, REQUEST } from '../loads/layerfour-requests.ts'

const BOUND = 'only copies, checksums and microtasks'

export const tcpRequestResponse: TimedBenchmark = {
  kind: 'timed',
  group: 'speed',
  name: 'tcp-request-response',
  title: 'TCP, 64 bytes there and back, one at a time',
  unit: 'requests/s',
  scale: 1,
  contenders: [
    { name: 'layerfour, callbacks', bound: BOUND, open: () => layerfourRequests(drivenHosts()) },
    { name: 'layerfour, promises', bound: BOUND, open: () => layerfourPromises(drivenHosts()) },
    { name: 'node:net', needs: 'kernel sockets', open: nodeNet },
    { name: 'node:net, async iteration', needs: 'kernel sockets', open: nodeNetPromises },
    { name: BOUND, open: () => exchangeBound({ segment: REQUEST, checksums: true, kernels: 'js' }) },
  ],
  baseline: 'node:net',
}

/** Callbacks: `onread` at the client, 'data' at the server. */
async function nodeNet(): Promise<Load> {
  const goal = new Goal()
  const bytes = new Uint8Array(REQUEST).fill(0x5a)
  let missing = REQUEST
  const callback = (count: number): boolean => {
    missing -= count
    if (missing > 0) return true
    missing = REQUEST
    goal.add(1)
    if (goal.done < goal.wanted) connection.write(bytes)
    return true
  }
  const { connection, close } = await connected((peer) => peer.on('data', (data) => peer.write(data)), {
    buffer: new Uint8Array(REQUEST), callback,
  })
  connection.on('error', (error) => goal.fail(error))
  return {
    run: (amount) => {
      const reached = goal.raise(amount)
      connection.write(bytes)
      return reached
    },
    close,
  }
}

/** `for await` at the server, the same iterator by hand at the client. */
async function nodeNetPromises(): Promise<Load> {
  const bytes = new Uint8Array(REQUEST).fill(0x5a)
  const { connection, close } = await connected((peer) => void answer(peer).catch(() => undefined))
  const chunks = connection[Symbol.asyncIterator]()
  return {
    run: async (amount) => {
      for (let done = 0; done < amount; done++) {
        connection.write(bytes)
        for (let missing = REQUEST; missing > 0;) {
          const { value, done: ended } = await chunks.next() as IteratorResult<Uint8Array, undefined>
          if (ended === true) throw new Error('the connection ended')
          missing -= value.length
        }
      }
    },
    close,
  }
}

async function answer(peer: Socket): Promise<void> {
  for await (const chunk of peer) peer.write(chunk as Uint8Array)
}

interface OnRead {
  readonly buffer: Uint8Array
  readonly callback: (count: number) => boolean
}

async function connected(serve: (peer: Socket) => void, onread?: OnRead): Promise<{ connection: Socket, close: () => void }> {
  const { connect, createServer } = await import('node:net')
  const server = createServer({ noDelay: true }, serve)
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const connection = connect({ port, host: '127.0.0.1', noDelay: true, ...(onread === undefined ? {} : { onread }) })
      const close = (): void => {
        connection.destroy()
        server.close()
      }
      connection.on('error', reject)
      connection.on('connect', () => resolve({ connection, close }))
    })
  })
}
