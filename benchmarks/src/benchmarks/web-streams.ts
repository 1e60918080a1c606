import type { AddressInfo, Socket } from 'node:net'
import { FULL_OFFLOAD } from '@layerfour/link'
import type { Load, TimedBenchmark } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import type { HostsOptions } from '../hosts.ts'
import { drivenHosts, SERVER_ADDRESS } from '../hosts.ts'
import { CHUNK, layerfourOneWay } from '../loads/layerfour-one-way.ts'

const PORT = 5006

/** What `readable` and `writable` cost over the base sockets: all of it, for the bytes go the same way. */
export const webStreams: TimedBenchmark = compare('web-streams', 'MTU 1500', { mtu: 1500 })
export const webStreamsLarge: TimedBenchmark = compare('web-streams-64k', '64 KiB segments, checksum offload', {
  mtu: 65_535, offload: FULL_OFFLOAD,
})

function compare(name: string, path: string, options: HostsOptions): TimedBenchmark {
  return {
    kind: 'timed',
    group: 'speed',
    name,
    title: `Web Streams, one way, chunks of 64 KiB, ${path}`,
    unit: 'MB/s',
    scale: 1e6,
    contenders: [
      { name: 'layerfour, Web Streams', open: () => layerfourStreams(options) },
      { name: 'layerfour, base sockets', open: () => layerfourOneWay(options) },
      { name: 'node:net, Web Streams', needs: 'kernel sockets', open: nodeNetStreams },
    ],
    baseline: 'layerfour, base sockets',
  }
}

async function layerfourStreams(options: HostsOptions): Promise<Load> {
  const hosts = drivenHosts(options)
  const listener = hosts.server.listen({ port: PORT })
  const accepted = listener.accept()
  const client = await hosts.client.connect({ hostname: SERVER_ADDRESS, port: PORT, noDelay: true })
  const { readable } = await accepted
  return overStreams(client.writable, readable, hosts.close)
}

async function nodeNetStreams(): Promise<Load> {
  const { connect, createServer } = await import('node:net')
  const { Readable, Writable } = await import('node:stream')
  const server = createServer({ noDelay: true })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const receiver = connect({ port, host: '127.0.0.1' })
      server.once('connection', (sender: Socket) => resolve(overStreams(
        Writable.toWeb(sender),
        Readable.toWeb(receiver) as ReadableStream<Uint8Array>,
        () => {
          // Their streams tell the error to nobody who waits.
          for (const socket of [receiver, sender]) socket.on('error', () => undefined).destroy()
          server.close()
        },
      )))
    })
  })
}

function overStreams(writable: WritableStream<Uint8Array>, readable: ReadableStream<Uint8Array>, close: () => void): Load {
  const goal = new Goal()
  const writer = writable.getWriter()
  const reader = readable.getReader()
  const readAll = async (): Promise<void> => {
    for (let chunk; !(chunk = await reader.read()).done;) goal.add(chunk.value.length)
  }
  // Closing ends it with an error that is of no interest.
  void readAll().catch((error: Error) => goal.fail(error))
  const chunk = new Uint8Array(CHUNK).fill(0x5a)
  let sent = 0
  return {
    run: async (amount) => {
      const reached = goal.raise(amount)
      while (sent < goal.wanted) {
        const length = Math.min(CHUNK, goal.wanted - sent)
        sent += length
        await writer.ready
        void writer.write(length === CHUNK ? chunk : chunk.subarray(0, length)).catch((error: Error) => goal.fail(error))
      }
      return reached
    },
    close,
  }
}
