/** The receiver, the same for both senders: a socket of the kernel's whose text is compared with what it should be. */
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { serve } from '../serve.ts'
import { StreamCheck } from '../stream.ts'

export interface ReceiverCommands {
  /** Listens; gives the port. */
  listen(): Promise<number>
  /** Takes the next connection and tells what came within so many ms from the handshake on. It goes on after that. */
  receive(duration: number): Promise<Received>
  /** Resets the connection. */
  reset(): void
}

export interface Received {
  /** Bytes that came, in order and as sent. */
  readonly bytes: number
  /** In ms. */
  readonly duration: number
  /** Whether all bytes were right. */
  readonly sound: boolean
  /** Bytes that had come at the end of every `STEP` ms. */
  readonly course: readonly number[]
}

const STEP = 250

interface Accepted {
  readonly socket: Socket
  /** When the handshake was done. */
  readonly time: number
}

/** A connection that nobody has asked for yet, or who waits for one: whichever comes first. */
let waiting: Accepted | undefined
let receiving: Socket | undefined
let taker: ((accepted: Accepted) => void) | undefined
const server = createServer({ pauseOnConnect: true }, (socket) => {
  socket.on('error', () => undefined)
  const accepted = { socket, time: performance.now() }
  if (taker === undefined) waiting = accepted
  else taker(accepted)
})

serve<ReceiverCommands>({
  listen: () => new Promise((resolve) => {
    server.listen(0, '0.0.0.0', () => resolve((server.address() as AddressInfo).port))
  }),
  async receive(duration) {
    const { socket, time } = waiting ?? await new Promise<Accepted>((resolve) => { taker = resolve })
    waiting = taker = undefined
    receiving = socket
    const check = new StreamCheck()
    const course: number[] = []
    const steps = setInterval(() => course.push(check.offset), STEP)
    socket.on('data', (bytes) => check.add(bytes, bytes.length))
    socket.resume()
    await new Promise((resolve) => setTimeout(resolve, duration))
    clearInterval(steps)
    return { bytes: check.offset, duration: performance.now() - time, sound: check.sound, course }
  },
  reset: () => { receiving?.resetAndDestroy() },
})
