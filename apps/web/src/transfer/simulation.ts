import { EmulatedLink, Prng, Simulation } from '@layerfour/sim'
import type { Observer, TcpSocket } from '@layerfour/socket'
import { Stack, tcp } from '@layerfour/socket'
import { Errno, errnoName } from '@layerfour/wire'
import { Application } from './application.ts'
import type { ClosingRule } from './application.ts'
import { congestionControls } from './congestion.ts'
import { Reader } from './reader.ts'
import { Recorder } from './recorder.ts'
import type { Side } from './recording.ts'
import { Recording, sides } from './recording.ts'
import type { Settings } from './settings.ts'

/** Addresses, ports, buffers and secrets are those of `l4 transfer`: the same seed gives the same segments. */
export const hostAddresses: readonly [string, string] = ['10.0.0.1', '10.0.0.2']
const SERVER_PORT = 5001
/** What A connects from when B connects to it at the same time. */
const CLIENT_PORT = 5000
const SEND_BUFFER = 2 ** 20
const MEMORY = 2 ** 24
/** Streams of the seed for the hosts' secrets; the link has the low ones. */
const SECRET_STREAMS: readonly [number, number] = [0x10000, 0x10001]

/** What is recorded at most: beyond that, memory and drawing would get slow. */
const MOST_SEGMENTS = 250_000
const MOST_STEPS = 5_000_000

/**
 * The transfer: two stacks, the link between them and an application on each, in virtual time, with everything
 * that happens written down in a `Recording`.
 */
export class Transfer {
  readonly recording: Recording = new Recording()
  readonly #simulation: Simulation = new Simulation()
  readonly #recorder: Recorder
  readonly #settings: Settings
  readonly #applications: readonly [Application, Application]
  readonly #stacks: readonly [Stack, Stack]
  #steps = 0
  #toldToClose = false

  /** @param observers hear of each host besides the recorder: a packet capture. */
  constructor(settings: Settings, observers: readonly [Observer | undefined, Observer | undefined] = [undefined, undefined]) {
    const simulation = this.#simulation
    const clock = (): number => simulation.now
    const recorder = new Recorder(this.recording, clock)
    this.#settings = settings
    this.#recorder = recorder

    const rate = settings.rate === 0 ? Infinity : settings.rate * 1e6
    const link = new EmulatedLink({
      rate,
      delay: settings.delay,
      jitter: settings.jitter,
      loss: settings.loss / 100,
      reorder: settings.reorder / 100,
      duplicate: settings.duplicate / 100,
      queue: { packets: settings.queue },
      mtu: settings.mtu,
      seed: settings.seed,
      memory: MEMORY,
      observer: recorder.linkObserver(rate),
    })
    const makeStack = (side: Side): Stack => {
      const { msl, delayedAck, timestamps, windowScaling, sack, pacing, tailLossProbe } = settings
      const congestionControl = congestionControls[settings.congestion]
      const stack = new Stack({
        protocols: [tcp({ msl, delayedAck, timestamps, windowScaling, sack, pacing, tailLossProbe, congestionControl })],
        clock,
        memory: MEMORY,
        secret: secretOf(settings.seed, side),
        observer: joined(recorder.hostObserver(side), observers[side]),
      })
      stack.addInterface(side === 0 ? link.a : link.b, { addresses: [`${hostAddresses[side]}/24`] })
      return simulation.add(stack, `host ${side}`)
    }
    this.#stacks = [makeStack(0), makeStack(1)]
    simulation.add(link, 'link')
    this.#applications = [this.#makeApplication(0), this.#makeApplication(1)]
    this.#open()
  }

  #makeApplication(side: Side): Application {
    const { recording } = this
    const { sendA, sendB, close, readerPause, readerRate } = this.#settings
    const now = (): number => this.#simulation.now
    const reader = this.#simulation.add(new Reader(now, readerPause, readerRate), `reader ${side}`)
    const closing: ClosingRule = close === 'both' ? 'told' : (close === 'a') === (side === 0) ? 'first' : 'second'
    const remark = (text: string): void => {
      recording.remarks.push({ time: now(), side, text })
      recording.noteInstant(now())
    }
    return new Application(side === 0 ? sendA : sendB, closing, reader, {
      connected: () => remark('the connection is open'),
      sentAll: (bytes, sha256) => {
        recording.sent[side] = { bytes, sha256, time: now() }
        if (bytes > 0) remark('the socket has taken the last byte')
      },
      receivedAll: (bytes, sha256) => {
        recording.received[side === 0 ? 1 : 0] = { bytes, sha256, time: now() }
        remark('recv() says that the other side has sent everything')
      },
      failed: (code) => {
        recording.errors[side] = code
        remark(`the connection broke: ${code}`)
      },
    })
  }

  #open(): void {
    const { open } = this.#settings
    if (open === 'listen') this.#listen()
    if (open === 'both') {
      this.#connect(0, CLIENT_PORT, SERVER_PORT)
      this.#connect(1, SERVER_PORT, CLIENT_PORT)
    } else this.#connect(0, 0, SERVER_PORT)
  }

  #socket(side: Side): TcpSocket {
    const socket = this.#stacks[side].socket('stream')
    socket.setsockopt('SO_SNDBUF', SEND_BUFFER)
    socket.setsockopt('SO_RCVBUF', this.#settings.receiveBuffer)
    socket.setsockopt('TCP_NODELAY', this.#settings.nagle ? 0 : 1)
    return socket
  }

  #listen(): void {
    const listener = this.#socket(1)
    check('bind', listener.bind(hostAddresses[1], SERVER_PORT))
    check('listen', listener.listen(1))
    listener.onReady = () => {
      const accepted = listener.accept()
      if (typeof accepted === 'number') return
      listener.close()
      this.#applications[1].use(accepted)
    }
  }

  #connect(side: Side, from: number, to: number): void {
    const socket = this.#socket(side)
    if (from !== 0) check('bind', socket.bind(hostAddresses[side], from))
    check('connect', socket.connect(hostAddresses[side === 0 ? 1 : 0], to))
    this.#applications[side].use(socket)
  }

  /** Goes on for up to so many instants. False when the transfer is over. */
  run(instants: number): boolean {
    const { recording } = this
    for (let i = 0; i < instants && !recording.done; i++) {
      const more = this.#simulation.step()
      this.#recorder.sample()
      this.#closeBoth()
      if (!more) this.#recorder.finish()
      else if (recording.segments.count >= MOST_SEGMENTS || ++this.#steps >= MOST_STEPS) {
        recording.cut = `recording ends after ${recording.segments.count.toLocaleString('en')} segments`
        this.#recorder.finish()
      }
    }
    return !recording.done
  }

  /** For a simultaneous close: once both have all that the other one sends, both are told at the same instant. */
  #closeBoth(): void {
    if (this.#toldToClose || this.#settings.close !== 'both') return
    const [a, b] = this.#applications
    if (!a.allSent || !b.allSent || a.received !== b.sent || b.received !== a.sent) return
    this.#toldToClose = true
    for (const side of sides) this.#applications[side].closeNow()
  }
}

/** Initial sequence numbers and ports must repeat with the seed, so the secret does too. Never do this on a real network. */
function secretOf(seed: number, side: Side): Int32Array {
  const random = new Prng(seed, SECRET_STREAMS[side])
  return Int32Array.from({ length: 4 }, () => random.next())
}

function check(call: string, result: number): void {
  if (result < 0 && result !== Errno.EINPROGRESS) throw new Error(`${call}: ${errnoName(result)}`)
}

function joined(recorder: Observer, other: Observer | undefined): Observer {
  if (other === undefined) return recorder
  return {
    ...other,
    ...recorder,
    stateChanged: (...change) => {
      recorder.stateChanged?.(...change)
      other.stateChanged?.(...change)
    },
    congestionTrace: (...trace) => {
      recorder.congestionTrace?.(...trace)
      other.congestionTrace?.(...trace)
    },
  }
}
