/** The kernel's sender: a socket with all the text it will take, and `ss` for its figures. */
import { execFileSync } from 'node:child_process'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { serve } from '../serve.ts'
import { parseSs } from '../ss.ts'
import { block } from '../stream.ts'
import type { SenderCommands } from './sender.ts'

let socket: Socket | undefined
let broken: Error | undefined

function fill(to: Socket): void {
  to.write(block, (error) => { if (error == null) fill(to) })
}

serve<SenderCommands>({
  open: () => undefined,
  send: ({ address, port }) => new Promise((resolve, reject) => {
    broken = undefined
    socket = connect({ host: address, port, noDelay: true }, () => {
      // One block waits while another one goes: the kernel never is out of text.
      fill(socket!)
      fill(socket!)
      resolve()
    })
    socket.on('error', (error) => {
      broken = error
      reject(error)
    })
  }),
  stop() {
    if (socket?.localPort === undefined) throw new Error('the connection is gone', { cause: broken })
    const { localPort } = socket
    const report = parseSs(execFileSync('ss', ['-tinH', 'sport', '=', `:${localPort}`], { encoding: 'utf8' }))
    socket.resetAndDestroy()
    return report
  },
})
