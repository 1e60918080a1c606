import { setTimeout } from 'node:timers/promises'
import type { Namespace } from './_namespace.ts'

/** What `iperf3 --json` prints, as far as tests look at it. */
export interface Iperf3Report {
  readonly error?: string
  readonly start: { readonly test_start?: { readonly num_streams: number } }
  readonly end: {
    readonly streams?: readonly unknown[]
    readonly sum_sent?: { readonly bytes: number }
    readonly sum_received?: { readonly bytes: number, readonly bits_per_second: number }
    readonly sum_sent_bidir_reverse?: { readonly bytes: number }
    readonly sum_received_bidir_reverse?: { readonly bytes: number }
    /** Of the end that sends. */
    readonly sender_tcp_congestion?: string
    readonly receiver_tcp_congestion?: string
  }
}

/** The kernel's client against our server. */
export async function iperf3(
  namespace: Namespace, address: string, ...words: string[]
): Promise<{ readonly code: number | null, readonly report: Iperf3Report }> {
  const { code, stdout } = await namespace.run(['iperf3', '--client', address, '--json', '--connect-timeout', '5000', ...words])
  return { code, report: JSON.parse(stdout.toString()) as Iperf3Report }
}

/** The kernel's server, for one test. */
export interface Iperf3Server {
  /** What it says about the test when that is over. */
  readonly report: Promise<Iperf3Report>
}

export async function startIperf3Server(namespace: Namespace): Promise<Iperf3Server> {
  const report = namespace.run(['iperf3', '--server', '--one-off', '--json']).then(({ stdout }) => JSON.parse(stdout.toString()) as Iperf3Report)
  // It says nothing when it is ready: 1451 is 5201, 0A LISTEN.
  for (let tries = 0; tries < 200; tries++) {
    const { stdout } = await namespace.run(['cat', '/proc/net/tcp6'])
    if (/:1451 0+:0000 0A /.test(stdout.toString())) return { report }
    await setTimeout(20)
  }
  throw new Error('iperf3 --server does not listen')
}
