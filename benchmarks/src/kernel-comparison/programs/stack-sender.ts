/** Our sender: a stack on a TUN interface of its own, from which the kernel forwards to the emulated path. */
import { cubic } from '@layerfour/flow'
import type { TcpSocket } from '@layerfour/socket'
import { runRealTime, Stack, tcp } from '@layerfour/socket'
import { openTun } from '@layerfour/tun'
import { Errno } from '@layerfour/wire'
import { succeeded } from '../../succeeded.ts'
import { STACK_ADDRESS, STACK_GATEWAY, STACK_INTERFACE } from '../addresses.ts'
import { serve } from '../serve.ts'
import { block } from '../stream.ts'
import type { SenderCommands } from './sender.ts'

const stack = new Stack({ protocols: [tcp({ congestionControl: cubic })] })
let socket: TcpSocket | undefined
let at = 0

function fill(to: TcpSocket): void {
  for (let count; (count = to.send(block, at)) !== Errno.EAGAIN;) at = (at + succeeded(count)) % block.length
}

serve<SenderCommands>({
  open() {
    const device = openTun({ name: STACK_INTERFACE, kernelAddresses: [`${STACK_GATEWAY}/24`] })
    stack.addInterface(device, { addresses: [`${STACK_ADDRESS}/24`], gateway: STACK_GATEWAY })
    runRealTime(stack)
  },
  send: ({ address, port }) => new Promise((resolve, reject) => {
    const opening = stack.socket('stream')
    socket = opening
    at = 0
    opening.setsockopt('TCP_NODELAY', 1)
    opening.connect(address, port)
    opening.onReady = () => {
      const error = opening.getsockopt('SO_ERROR')
      if (error !== 0) return reject(new Error(`connect failed: ${error}`))
      opening.onReady = fill
      fill(opening)
      resolve()
    }
  }),
  stop() {
    const { congestionControl, retransmissions, cwnd, rtt, minRtt } = socket!.info()!
    socket!.abort()
    return { congestionControl, retransmissions, cwnd, rtt, minRtt }
  },
})
