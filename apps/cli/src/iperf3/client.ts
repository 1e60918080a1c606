import type { Stack, TcpSocket } from '@layerfour/socket'
import { SocketError } from '@layerfour/socket'
import type { Clock } from './clock.ts'
import { watch } from './clock.ts'
import { connectSocket } from './connect-socket.ts'
import type { Heard } from './control-channel.ts'
import { ControlChannel, isHeard } from './control-channel.ts'
import { makeCookie } from './cookie.ts'
import { CpuMeter } from './cpu-meter.ts'
import { createPool, DataStream, totalBytes } from './data-stream.ts'
import type { Interval } from './interval-meter.ts'
import { IntervalMeter } from './interval-meter.ts'
import { Iperf3Error } from './iperf3-error.ts'
import type { TestParameters } from './parameters.ts'
import { formatParameters, planStreams } from './parameters.ts'
import type { CpuUse, StreamResult, TestResults } from './results.ts'
import { formatResults, LONGEST_RESULTS, parseResults } from './results.ts'
import { TestState } from './test-state.ts'

/** How long a test may go on in which nothing moves, in ms. */
const IDLE_PATIENCE = 30_000
/** How long the server may take to hear that the test is over, in ms, while nothing comes. */
const END_PATIENCE = 15_000
/** How long the last bytes may stay away, in ms. */
const LAST_BYTES_PATIENCE = 5000

export interface ClientOptions {
  readonly stack: Stack
  readonly clock: Clock
  /** Of the server: an IP address and its port. */
  readonly hostname: string
  readonly port: number
  readonly parameters: TestParameters
  /** For the cookie. */
  readonly random: (length: number) => Uint8Array
  /** Tells the server that we go, and rejects. */
  readonly signal?: AbortSignal
  /** Called every second of the test. */
  readonly onInterval?: (interval: Interval) => void
}

/** What both ends counted in one stream. */
export interface MeasuredStream {
  readonly sentBy: 'client' | 'server'
  readonly sent: StreamResult
  readonly received: StreamResult
  /** Of our end: smoothed round-trip time in ms, -1 when unknown, and the largest congestion window in bytes. */
  readonly rtt: number
  readonly maxCwnd: number
}

export interface ClientResult {
  readonly congestion: { readonly client: string | undefined, readonly server: string | undefined }
  readonly cpu: { readonly client: CpuUse, readonly server: CpuUse }
  readonly intervals: readonly Interval[]
  readonly streams: readonly MeasuredStream[]
}

/** One test against an iperf3 server. Rejects with an `Iperf3Error` or a `SocketError` when it comes to nothing. */
export async function runIperf3(options: ClientOptions): Promise<ClientResult> {
  const { stack, clock, hostname, port, signal } = options
  const connection = await stack.connect({ hostname, port, noDelay: true, ...(signal === undefined ? {} : { signal }) })
  const control = new ControlChannel(connection, clock, signal)
  const sockets: TcpSocket[] = []
  try {
    const result = await runTest(options, control, sockets)
    for (const socket of sockets) socket.close()
    return result
  } catch (error) {
    if (signal?.aborted === true) await control.writeState(TestState.CLIENT_TERMINATE).catch(() => undefined)
    for (const socket of sockets) socket.abort()
    throw error
  } finally {
    await control.close()
  }
}

async function runTest(options: ClientOptions, control: ControlChannel, sockets: TcpSocket[]): Promise<ClientResult> {
  const { stack, clock, hostname, port, parameters } = options
  const cookie = makeCookie(options.random)
  await control.write(cookie)
  await control.expectState(TestState.PARAM_EXCHANGE)
  await control.writeJson(formatParameters(parameters))
  await control.expectState(TestState.CREATE_STREAMS)
  const pool = createPool(parameters.blockSize, parameters.bytes > 0 ? parameters.bytes : Infinity, () => clock.now())
  const plan = planStreams(parameters)
  const streams: DataStream[] = []
  for (const { id, sentBy } of plan) {
    const socket = await connectSocket(stack, hostname, port, parameters)
    sockets.push(socket)
    socket.send(cookie)
    streams.push(new DataStream(socket, id, sentBy === 'client', pool))
  }
  await control.expectState(TestState.TEST_START)
  await control.expectState(TestState.TEST_RUNNING)

  const running = await runStreams(options, control, streams)
  const theirs = await exchangeResults(control, running.results)
  return {
    congestion: { client: running.results.congestion, server: theirs.congestion },
    cpu: { client: running.results.cpu, server: theirs.cpu },
    intervals: running.intervals,
    streams: plan.map(({ id, sentBy }, i) => {
      const info = streams[i]!.socket.info()
      const ours = running.results.streams[i]!
      const other = theirs.streams.find((result) => result.id === id)
      if (other === undefined) throw new Iperf3Error(`the server's results lack stream ${id}`)
      return {
        sentBy,
        sent: sentBy === 'client' ? ours : other,
        received: sentBy === 'client' ? other : ours,
        rtt: info?.rtt ?? -1,
        maxCwnd: info?.maxCwnd ?? 0,
      }
    }),
  }
}

interface Ran {
  readonly results: TestResults
  readonly intervals: readonly Interval[]
}

/** From TEST_RUNNING until the last byte is there and the server waits for our results. */
async function runStreams(
  { clock, parameters, onInterval }: ClientOptions, control: ControlChannel, streams: readonly DataStream[],
): Promise<Ran> {
  const { time, bytes, direction } = parameters
  const sending = streams.filter((stream) => stream.sending)
  const receiving = streams.filter((stream) => !stream.sending)
  const cpu = new CpuMeter()
  const startedAt = clock.now()
  const meter = new IntervalMeter(startedAt, sending, receiving, onInterval)
  for (const stream of sending) stream.startSending()

  const heard = control.listen()
  const isComplete = (now: number): boolean => (bytes > 0
    ? (direction === 'reverse' || totalBytes(sending) >= bytes) && (direction === 'forward' || totalBytes(receiving) >= bytes)
    : now - startedAt >= time * 1000)
  const moved = await watch(clock, {
    done: (now) => {
      meter.look(now)
      return isHeard(heard) || isComplete(now) || streams.some(({ errno }) => errno !== 0)
    },
    progress: () => totalBytes(streams),
    patience: IDLE_PATIENCE,
  })
  if (heard.error !== undefined) throw heard.error
  if (heard.state !== undefined) throw await control.explain(heard.state, 'nothing while the test runs')
  if (!moved) throw new Iperf3Error(`nothing moves for ${IDLE_PATIENCE / 1000} s`)
  const failed = streams.find(({ errno }) => errno !== 0)
  if (failed !== undefined) throw new SocketError(failed.errno, failed.sending ? 'write' : 'read', failed.socket.remoteAddress)

  for (const stream of sending) stream.stopSending()
  // Once the server hears TEST_END it reads no more: what is on its way would be lost to its count.
  const unacknowledged = (): number => sending.reduce((sum, stream) => sum + stream.unacknowledged, 0)
  await watch(clock, { done: () => unacknowledged() === 0 || isHeard(heard), progress: unacknowledged, patience: LAST_BYTES_PATIENCE })
  const lastAt = Math.max(startedAt, ...streams.map(({ movedAt }) => movedAt))
  const endedAt = direction === 'reverse' && bytes > 0 ? lastAt : clock.now()
  meter.end(endedAt)
  const use = cpu.read()
  await control.writeState(TestState.TEST_END)
  await receiveRest(clock, control, heard, receiving)
  return {
    intervals: meter.intervals,
    results: {
      cpu: use,
      congestion: streams[0]!.socket.info()?.congestionControl,
      streams: streams.map((stream) => stream.result(startedAt, endedAt)),
    },
  }
}

/** Until the server has heard of the end, it sends; and then its streams end. */
async function receiveRest(clock: Clock, control: ControlChannel, heard: Heard, receiving: readonly DataStream[]): Promise<void> {
  await watch(clock, { done: () => isHeard(heard), progress: () => totalBytes(receiving), patience: END_PATIENCE })
  if (heard.error !== undefined) throw heard.error
  if (heard.state === undefined) throw new Iperf3Error('the server does not answer TEST_END')
  if (heard.state !== TestState.EXCHANGE_RESULTS) throw await control.explain(heard.state, 'EXCHANGE_RESULTS')
  await watch(clock, {
    done: () => receiving.every(({ ended, errno }) => ended || errno !== 0),
    progress: () => totalBytes(receiving),
    patience: LAST_BYTES_PATIENCE,
  })
}

async function exchangeResults(control: ControlChannel, ours: TestResults): Promise<TestResults> {
  await control.writeJson(formatResults(ours))
  const theirs = parseResults(await control.readJson(LONGEST_RESULTS))
  if (theirs === undefined) throw new Iperf3Error("the server's results make no sense")
  await control.expectState(TestState.DISPLAY_RESULTS)
  await control.writeState(TestState.IPERF_DONE)
  return theirs
}
