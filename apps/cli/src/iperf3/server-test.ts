import type { TcpSocket } from '@layerfour/socket'
import { TcpConnection } from '@layerfour/socket'
import type { Clock } from './clock.ts'
import { watch } from './clock.ts'
import type { Heard } from './control-channel.ts'
import { ControlChannel, isHeard } from './control-channel.ts'
import { CpuMeter } from './cpu-meter.ts'
import { createPool, DataStream, totalBytes } from './data-stream.ts'
import { Iperf3Error } from './iperf3-error.ts'
import type { PlannedStream, TestParameters } from './parameters.ts'
import { LONGEST_PARAMETERS, parseParameters, planStreams } from './parameters.ts'
import type { StreamResult } from './results.ts'
import { formatResults, LONGEST_RESULTS, parseResults } from './results.ts'
import { TestState } from './test-state.ts'

/** How long a client may take for its data connections, in ms. */
const STREAMS_PATIENCE = 15_000
/** How long a test may go on in which nothing moves, in ms. */
const IDLE_PATIENCE = 30_000
/** How long the last bytes that a client has sent may stay away, in ms. */
const LAST_BYTES_PATIENCE = 5000
/** How long all of them may take, in ms: the client waits for our results. */
const LAST_BYTES_LIMIT = 10_000
/** How long the client may look at our results, in ms. */
const DONE_PATIENCE = 15_000

interface Offered {
  readonly socket: TcpSocket
  readonly order: number
}

/** One test, at the server: its control connection from the cookie on, its data connections, its results. */
export class ServerTest {
  readonly cookie: Uint8Array
  readonly #control: ControlChannel
  readonly #clock: Clock
  #plan: readonly PlannedStream[] = []
  #offered: Offered[] = []
  #streams: DataStream[] = []

  constructor(socket: TcpSocket, cookie: Uint8Array, clock: Clock) {
    this.cookie = cookie
    socket.setsockopt('TCP_NODELAY', 1)
    this.#control = new ControlChannel(new TcpConnection(socket), clock)
    this.#clock = clock
  }

  /** A connection that came with the test's cookie. Whether it is wanted. */
  offer(socket: TcpSocket, order: number): boolean {
    if (this.#offered.length >= this.#plan.length) return false
    this.#offered.push({ socket, order })
    return true
  }

  abort(): void {
    this.#control.abort()
    for (const { socket } of this.#offered) socket.abort()
  }

  /** The test from its beginning to its end, in which all its connections are given up. Rejects when it comes to nothing. */
  async run(): Promise<void> {
    try {
      await this.#run(this.#control)
      for (const stream of this.#streams) stream.close()
    } catch (error) {
      for (const { socket } of this.#offered) socket.abort()
      throw error
    } finally {
      void this.#control.close()
    }
  }

  async #run(control: ControlChannel): Promise<void> {
    await control.writeState(TestState.PARAM_EXCHANGE)
    const parameters = parseParameters(await control.readJson(LONGEST_PARAMETERS))
    if ('refused' in parameters) return control.writeError(parameters.refused)
    await this.#gatherStreams(parameters)
    await control.writeState(TestState.TEST_START)
    await control.writeState(TestState.TEST_RUNNING)
    await this.#measure(parameters)
  }

  async #gatherStreams(parameters: TestParameters): Promise<void> {
    this.#plan = planStreams(parameters)
    await this.#control.writeState(TestState.CREATE_STREAMS)
    const complete = await watch(this.#clock, {
      done: () => this.#offered.length === this.#plan.length, progress: () => this.#offered.length, patience: STREAMS_PATIENCE,
    })
    if (!complete) throw new Iperf3Error(`${this.#offered.length} of ${this.#plan.length} data connections came`)
    // Cookies may overtake each other; the client's numbers go by the order of its connections.
    this.#offered.sort((a, b) => a.order - b.order)
    // With a start that does not count, the client alone knows when it has had enough.
    const left = parameters.bytes > 0 && parameters.omit === 0 ? parameters.bytes : Infinity
    const pool = createPool(parameters.blockSize, left, () => this.#clock.now())
    this.#streams = this.#offered.map(({ socket }, i) => {
      const { id, sentBy } = this.#plan[i]!
      if (parameters.noDelay) socket.setsockopt('TCP_NODELAY', 1)
      // One that we do not have is passed over, as iperf3 does: the client has set its own.
      if (parameters.congestion !== undefined) socket.setsockopt('TCP_CONGESTION', parameters.congestion)
      return new DataStream(socket, id, sentBy === 'server', pool)
    })
  }

  async #measure({ omit }: TestParameters): Promise<void> {
    const control = this.#control
    const clock = this.#clock
    const streams = this.#streams
    const receiving = streams.filter(({ sending }) => !sending)
    const sending = streams.filter((stream) => stream.sending)
    let cpu = new CpuMeter()
    let startedAt = clock.now()
    let countFrom = omit > 0 ? startedAt + omit * 1000 : Infinity
    for (const stream of sending) stream.startSending()

    const heard = control.listen()
    const moved = await watch(clock, {
      done: (now) => {
        if (now >= countFrom) {
          for (const stream of streams) stream.reset()
          cpu = new CpuMeter()
          startedAt = now
          countFrom = Infinity
        }
        return isHeard(heard) || streams.some(({ errno }) => errno !== 0)
      },
      progress: () => totalBytes(streams),
      patience: IDLE_PATIENCE,
    })
    if (heard.error !== undefined) throw heard.error
    if (heard.state === undefined) {
      await control.writeState(TestState.SERVER_TERMINATE)
      throw new Iperf3Error(moved ? 'a data connection broke' : 'nothing moves')
    }
    if (heard.state !== TestState.TEST_END) throw await control.explain(heard.state, 'TEST_END')

    const endedAt = clock.now()
    for (const stream of sending) stream.stopSending()
    const sent = sending.map((stream) => stream.result(startedAt, endedAt))
    const congestion = streams[0]!.socket.info()?.congestionControl
    const use = cpu.read()
    // The client reads on until it hears of us; then it wants to see the ends of its streams.
    for (const stream of sending) stream.close()
    await control.writeState(TestState.EXCHANGE_RESULTS)
    const theirs = parseResults(await control.readJson(LONGEST_RESULTS))
    if (theirs === undefined) throw new Iperf3Error("the client's results make no sense")
    const last = control.listen()
    if (omit === 0) await this.#receiveRest(receiving, theirs.streams, last)
    await control.writeJson(formatResults({
      cpu: use, congestion, streams: [...receiving.map((stream) => stream.result(startedAt, endedAt)), ...sent],
    }))
    await control.writeState(TestState.DISPLAY_RESULTS)
    await watch(clock, { done: () => isHeard(last), progress: () => 0, patience: DONE_PATIENCE })
    if (last.state !== TestState.IPERF_DONE) throw last.error ?? new Iperf3Error('the client does not end the test')
  }

  /** What the client has sent and what is still on its way: TEST_END may have overtaken it. */
  async #receiveRest(receiving: readonly DataStream[], sent: readonly StreamResult[], last: Heard): Promise<void> {
    const isReceived = ({ id }: StreamResult): boolean => receiving.some((stream) => stream.id === id)
    const all = sent.filter(isReceived).reduce((sum, { bytes }) => sum + bytes, 0)
    const limit = this.#clock.now() + LAST_BYTES_LIMIT
    await watch(this.#clock, {
      done: (now) => totalBytes(receiving) >= all || now >= limit || isHeard(last)
        || receiving.every(({ ended, errno }) => ended || errno !== 0),
      progress: () => totalBytes(receiving),
      patience: LAST_BYTES_PATIENCE,
    })
  }
}
