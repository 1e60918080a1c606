import type { TcpSocket } from '@layerfour/socket'
import { Errno } from '@layerfour/wire'
import type { Load } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import type { DrivenHosts } from '../hosts.ts'
import { SERVER_ADDRESS } from '../hosts.ts'
import { succeeded } from '../succeeded.ts'

const PORT = 5002
/** Bytes of a request and of its response. */
export const REQUEST = 64

/** Base sockets with readiness callbacks, one request at a time. Counts requests. */
export function layerfourRequests(hosts: DrivenHosts): Promise<Load> {
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
  const bytes = new Uint8Array(REQUEST).fill(0x5a)
  let missing = REQUEST
  const onReady = (): void => {
    for (let count; (count = client.recv(bytes, 0, missing)) !== Errno.EAGAIN;) {
      missing -= succeeded(count)
      if (missing > 0) continue
      missing = REQUEST
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
export function answerAll(peer: TcpSocket): void {
  peer.setsockopt('TCP_NODELAY', 1)
  const bytes = new Uint8Array(REQUEST)
  peer.onReady = () => {
    for (let count; (count = peer.recv(bytes)) > 0;) peer.send(bytes, 0, count)
  }
}

/** The same with the promises of the facade. */
export async function layerfourPromises(hosts: DrivenHosts): Promise<Load> {
  const listener = hosts.server.listen({ port: PORT, noDelay: true })
  void listener.accept().then(async (peer) => {
    const bytes = new Uint8Array(REQUEST)
    for (let count; (count = await peer.read(bytes)) !== null;) {
      await peer.write(count === REQUEST ? bytes : bytes.subarray(0, count))
    }
  })
  const client = await hosts.client.connect({ hostname: SERVER_ADDRESS, port: PORT, noDelay: true })
  const bytes = new Uint8Array(REQUEST).fill(0x5a)
  return {
    run: async (amount) => {
      for (let done = 0; done < amount; done++) {
        await client.write(bytes)
        for (let missing = REQUEST; missing > 0;) {
          const count = await client.read(bytes)
          if (count === null) throw new Error('the connection ended')
          missing -= count
        }
      }
    },
    close: hosts.close,
  }
}
