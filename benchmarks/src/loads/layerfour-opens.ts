import { Readiness } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'
import type { Load } from '../benchmark.ts'
import { Goal } from '../goal.ts'
import type { DrivenHosts } from '../hosts.ts'
import { SERVER_ADDRESS } from '../hosts.ts'
import { succeeded } from '../succeeded.ts'

const PORT = 5003
const NOTHING = new Uint8Array(1)

/** Base sockets; connections one after another, the server closes first. Counts connections. */
export function layerfourOpens(hosts: DrivenHosts): Promise<Load> {
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
