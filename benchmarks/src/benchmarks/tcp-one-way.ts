import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import type { DeviceOptions } from '@layerfour/link'
import { FULL_OFFLOAD } from '@layerfour/link'
import { Errno } from '@layerfour/wire'
import type { Load, TimedBenchmark } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import { drivenHosts, SERVER_ADDRESS } from '../hosts.ts'
import { succeeded } from '../succeeded.ts'

const PORT = 5001
const CHUNK = 65_536

export const tcpOneWay: TimedBenchmark = {
  kind: 'timed',
  name: 'tcp-one-way',
  title: 'TCP, one connection, one way, 64 KiB writes',
  unit: 'MB/s',
  scale: 1e6,
  contenders: [
    { name: 'layerfour, MTU 1500', open: () => layerfour({ mtu: 1500 }) },
    { name: 'layerfour, MTU 1500, checksum offload', open: () => layerfour({ mtu: 1500, offload: FULL_OFFLOAD }) },
    { name: 'layerfour, MTU 65535, checksum offload', open: () => layerfour({ mtu: 65_535, offload: FULL_OFFLOAD }) },
    { name: 'node:net', open: nodeNet },
  ],
  baseline: 'node:net',
}

/** Base sockets with readiness callbacks; both application copies, into and out of the stacks' memory. */
function layerfour(device: DeviceOptions): Promise<Load> {
  const hosts = drivenHosts(device)
  const goal = new Goal()
  const listener = hosts.server.socket('stream')
  succeeded(listener.bind('0.0.0.0', PORT))
  succeeded(listener.listen())
  const received = new Uint8Array(CHUNK)
  listener.onReady = () => {
    const receiver = listener.accept()
    if (typeof receiver === 'number') return
    receiver.onReady = () => {
      for (let count; (count = receiver.recv(received)) !== Errno.EAGAIN;) goal.add(succeeded(count))
    }
  }
  const sender = hosts.client.socket('stream')
  // The last piece of a turn is not to wait for an acknowledgment.
  sender.setsockopt('TCP_NODELAY', 1)
  const chunk = new Uint8Array(CHUNK).fill(0x5a)
  let sent = 0
  const send = (): void => {
    while (sent < goal.wanted) {
      const count = sender.send(chunk, 0, Math.min(CHUNK, goal.wanted - sent))
      if (count === Errno.EAGAIN) return
      sent += succeeded(count)
    }
  }
  sender.connect(SERVER_ADDRESS, PORT)
  return new Promise((resolve) => {
    sender.onReady = () => {
      sender.onReady = send
      resolve({
        run: (amount) => {
          const reached = goal.raise(amount)
          send()
          return reached
        },
        close: hosts.close,
      })
    }
  })
}

/**
 * The kernel's TCP over loopback, in the fastest of the ways that were tried: writes queue up to 1 MiB, and what comes is received into one
 * buffer of 256 KiB (`onread`), which spares the 'data' events' buffers: by CPU time 1.9 times as fast as Node's defaults.
 */
function nodeNet(): Promise<Load> {
  const goal = new Goal()
  const chunk = new Uint8Array(CHUNK).fill(0x5a)
  let sent = 0
  let sender: Socket
  const send = (): void => {
    while (sent < goal.wanted) {
      const length = Math.min(CHUNK, goal.wanted - sent)
      sent += length
      if (!sender.write(length === CHUNK ? chunk : chunk.subarray(0, length))) return
    }
  }
  const server = createServer({ noDelay: true, highWaterMark: 1 << 20 })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const onread = { buffer: new Uint8Array(1 << 18), callback: (count: number) => (goal.add(count), true) }
      const receiver = connect({ port, host: '127.0.0.1', onread })
      receiver.on('error', (error) => goal.fail(error))
      server.once('connection', (socket) => {
        sender = socket
        sender.on('drain', send)
        resolve({
          run: (amount) => {
            const reached = goal.raise(amount)
            send()
            return reached
          },
          close: () => {
            receiver.destroy()
            sender.destroy()
            server.close()
          },
        })
      })
    })
  })
}
