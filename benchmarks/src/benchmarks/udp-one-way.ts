import { createDatagramInfo } from '@layerfour/udp'
import type { Load, TimedBenchmark } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import { nextTurn } from '../host.ts'
import { drivenHosts, SERVER_ADDRESS } from '../hosts.ts'
import { messageBound } from '../loads/bounds.ts'
import { succeeded } from '../succeeded.ts'

const PORT = 5004
/** Bytes of data in a datagram. */
const SIZE = 64
/** Datagrams sent in a turn of the event loop: what the receiver's queue has room for with ease. */
const BURST = 256
/** As many as libuv receives in one turn: with more of them its queue overflows, and rates fall. */
const KERNEL_BURST = 32

const BOUND = 'only copies and checksums'

/** Counts what arrives. A sender sends until enough did, so what is lost costs the one who loses it. */
export const udpOneWay: TimedBenchmark = {
  kind: 'timed',
  group: 'speed',
  name: 'udp-one-way',
  title: 'UDP, one way, datagrams of 64 bytes',
  unit: 'datagrams/s',
  scale: 1,
  contenders: [
    { name: 'layerfour', bound: BOUND, open: layerfour },
    { name: 'node:dgram', needs: 'kernel sockets', open: nodeDgram },
    { name: BOUND, open: () => messageBound({ segment: SIZE, checksums: true, kernels: 'js' }) },
  ],
  baseline: 'node:dgram',
}

function layerfour(): Promise<Load> {
  const hosts = drivenHosts()
  const goal = new Goal()
  const receiver = hosts.server.socket('datagram')
  succeeded(receiver.bind('0.0.0.0', PORT))
  const received = new Uint8Array(2048)
  const info = createDatagramInfo()
  receiver.onReady = () => {
    while (receiver.recvfrom(received, info) >= 0) goal.add(1)
  }
  const sender = hosts.client.socket('datagram')
  succeeded(sender.connect(SERVER_ADDRESS, PORT))
  const data = new Uint8Array(SIZE).fill(0x5a)
  const send = (): void => {
    if (goal.done >= goal.wanted) return
    for (let i = 0; i < BURST; i++) succeeded(sender.send(data))
    // In the next turn of the event loop, and so behind the poll of the receiving stack, which these have woken.
    nextTurn(send)
  }
  return Promise.resolve({
    run: (amount) => {
      const reached = goal.raise(amount)
      send()
      return reached
    },
    close: hosts.close,
  })
}

/** The kernel's UDP over loopback. */
async function nodeDgram(): Promise<Load> {
  const { createSocket } = await import('node:dgram')
  const goal = new Goal()
  const receiver = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 }, () => goal.add(1))
  const sender = createSocket({ type: 'udp4' })
  const data = new Uint8Array(SIZE).fill(0x5a)
  const send = (): void => {
    if (goal.done >= goal.wanted) return
    for (let i = 0; i < KERNEL_BURST; i++) sender.send(data)
    nextTurn(send)
  }
  return new Promise((resolve, reject) => {
    receiver.on('error', reject)
    sender.on('error', (error) => goal.fail(error))
    receiver.bind(0, '127.0.0.1', () => {
      sender.connect(receiver.address().port, '127.0.0.1', () => resolve({
        run: (amount) => {
          const reached = goal.raise(amount)
          send()
          return reached
        },
        close: () => {
          sender.close()
          receiver.close()
        },
      }))
    })
  })
}
