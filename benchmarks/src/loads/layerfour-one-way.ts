import { Errno } from '@layerfour/wire'
import type { Load } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import type { DrivenHosts, HostsOptions } from '../hosts.ts'
import { drivenHosts, SERVER_ADDRESS } from '../hosts.ts'
import { succeeded } from '../succeeded.ts'

const PORT = 5001
/** Bytes of a write and of the buffer that is read into. */
export const CHUNK = 65_536

/** Base sockets with readiness callbacks; both application copies, into and out of the stacks' memory. Counts bytes. */
export function layerfourOneWay(options: HostsOptions): Promise<Load> {
  return oneWayOver(drivenHosts(options))
}

/** The same over hosts that are there already. */
export function oneWayOver(hosts: DrivenHosts): Promise<Load> {
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
