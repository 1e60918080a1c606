import type { Stack, TcpSocket } from '@layerfour/socket'
import { SocketError } from '@layerfour/socket'
import type { Clock } from './clock.ts'
import { sameCookie } from './cookie.ts'
import { readCookie } from './greeting.ts'
import { Iperf3Error } from './iperf3-error.ts'
import { ServerTest } from './server-test.ts'
import { TestState } from './test-state.ts'

export const IPERF3_PORT = 5201
/** Connections whose cookie has not come yet; further ones are reset. */
const MOST_GREETINGS = 512

export interface Iperf3Server {
  /** Stops listening and breaks the test that is under way. */
  close(): void
}

/**
 * A server for iperf3's clients: TCP, in all directions, one test at a time. Whoever comes meanwhile is told ACCESS_DENIED.
 * Faults of ours go to `report`; a client that breaks its test ends it quietly.
 */
export function serveIperf3(stack: Stack, clock: Clock, report: (error: unknown) => void, port: number = IPERF3_PORT): Iperf3Server {
  const listening = stack.socket('stream')
  const failed = listening.bind('::', port) || listening.listen()
  if (failed !== 0) throw new SocketError(failed, 'listen', { hostname: '::', port })
  let test: ServerTest | undefined
  let greetings = 0
  let accepted = 0

  const begin = (socket: TcpSocket, cookie: Uint8Array): void => {
    const own = test = new ServerTest(socket, cookie, clock)
    own.run().catch((error: unknown) => {
      if (!(error instanceof Iperf3Error || error instanceof SocketError)) report(error)
    }).finally(() => {
      if (test === own) test = undefined
    })
  }

  const greet = async (socket: TcpSocket, order: number): Promise<void> => {
    greetings++
    const cookie = await readCookie(socket, clock)
    greetings--
    if (cookie === undefined) {
      socket.abort()
    } else if (test === undefined) {
      begin(socket, cookie)
    } else if (!sameCookie(cookie, test.cookie) || !test.offer(socket, order)) {
      socket.send(Uint8Array.of(TestState.ACCESS_DENIED))
      socket.close()
    }
  }

  listening.onReady = () => {
    for (let socket = listening.accept(); typeof socket !== 'number'; socket = listening.accept()) {
      if (greetings >= MOST_GREETINGS) socket.abort()
      else greet(socket, accepted++).catch(report)
    }
  }
  return {
    close() {
      listening.close()
      test?.abort()
    },
  }
}
