import { ACK, FIN, SYN } from './segment-rules.ts'
import type { Situation } from './segment-rules.ts'
import { OUR_WINDOW, PEER_WINDOW } from './segment-rules-bench.ts'
import type { Bench } from './segment-rules-bench.ts'

/** Text of ours that stays unacknowledged, in bytes. */
const IN_FLIGHT = 20
/** TSval of all that the peer says while a scene is built. */
export const TS_RECENT = 5000

export interface SceneOptions {
  iss: number
  irs: number
  /** We use timestamps: agreed upon in the handshake, or not, for want of a peer that does. */
  timestamps?: 'agreed' | 'not agreed'
}

/** A situation and the conversation that brings a connection into it. */
export interface Scene {
  title: string
  build: (bench: Bench, options: SceneOptions) => Situation
}

/** The peer in a conversation: says the next thing, and keeps account of both sides by what went over the wire. */
class Talk {
  readonly here: Situation
  private readonly bench: Bench
  private readonly timestamp: number | undefined
  private offered = 0

  constructor(bench: Bench, options: SceneOptions) {
    this.bench = bench
    this.timestamp = options.timestamps === 'agreed' ? TS_RECENT : undefined
    this.here = {
      state: 'CLOSED', passive: false, listening: false, iss: options.iss, una: options.iss, nxt: options.iss, wnd: 0, maxWnd: 0,
      wl1: 0, wl2: 0, irs: options.irs, rcvNxt: options.irs, rcvWnd: 0, timestampRecent: this.timestamp,
      orphan: false, entry: false,
      timestamps: options.timestamps !== undefined,
    }
  }

  /** What went out since. */
  hear(): this {
    const { here } = this
    for (const { sequence, flags, text, acknowledgment, window } of this.bench.poll()) {
      const end = (sequence + text + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)) | 0
      if (((end - here.nxt) | 0) > 0) here.nxt = end
      // Before our first ACK the window counts from the peer's first byte.
      this.offered = flags & ACK ? (acknowledgment + window) | 0 : (here.irs + 1 + window) | 0
    }
    here.rcvWnd = (this.offered - here.rcvNxt) | 0
    return this
  }

  /** The next segment of the peer; `acks` what we have sent so far, or all but that. */
  say(flags: number, text = 0, acks: 'all' | 'nothing new' = 'all'): this {
    const { here } = this
    if (flags & ACK && acks === 'all') here.una = here.nxt
    const acknowledgment = flags & ACK ? here.una : 0
    const sequence = here.rcvNxt
    this.bench.arrive({ sequence, acknowledgment, flags, text, window: PEER_WINDOW, timestamp: this.timestamp })
    here.rcvNxt = (here.rcvNxt + text + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)) | 0
    here.wnd = here.maxWnd = PEER_WINDOW
    here.wl1 = sequence
    here.wl2 = acknowledgment
    return this.hear()
  }

  in(state: Situation['state']): Situation {
    this.here.state = state
    return this.here
  }
}

function synSent(bench: Bench, options: SceneOptions): Talk {
  bench.connect(options.iss)
  const talk = new Talk(bench, options).hear()
  // Nothing is synchronized yet: sequence numbers before and after the peer's first one are all the same.
  talk.here.rcvNxt = (options.irs + 1) | 0
  return talk
}

/** `closed`: our receive window, by text that nobody reads; `flight`: whether text of ours is under way. */
function established(bench: Bench, options: SceneOptions, closed: boolean, flight = true, last = 0): Talk {
  const talk = synSent(bench, options)
  talk.here.rcvNxt = options.irs
  talk.say(SYN | ACK)
  if (closed) talk.say(ACK, OUR_WINDOW - last)
  if (flight) bench.write(IN_FLIGHT)
  return talk.hear()
}

function finWait1(bench: Bench, options: SceneOptions, closed: boolean, last = 0): Talk {
  const talk = established(bench, options, closed, true, last)
  bench.connection!.shutdownSend()
  return talk.hear()
}

function closeWait(bench: Bench, options: SceneOptions, closed: boolean): Talk {
  return established(bench, options, closed, true, 1).say(FIN | ACK, 0, 'nothing new')
}

function timeWait(bench: Bench, options: SceneOptions, closed: boolean): Talk {
  return finWait1(bench, options, closed, 1).say(ACK).say(FIN | ACK)
}

/** Nobody asks for the connection any more: all but an entry in a table is given back. */
function timeWaitEntry(bench: Bench, options: SceneOptions): Talk {
  const talk = left(bench, options).say(ACK).say(FIN | ACK)
  talk.here.entry = true
  return talk
}

/** Our user closes both directions. */
function left(bench: Bench, options: SceneOptions): Talk {
  const talk = established(bench, options, false)
  bench.connection!.close(bench.now)
  talk.here.orphan = true
  return talk.hear()
}

/** A listener beside the connection, so that somebody would take a new SYN. */
function listening(bench: Bench, talk: Talk): Talk {
  bench.listen(undefined)
  talk.here.listening = true
  return talk
}

/** The states whose receive window may be open or closed. */
function windowScenes(closed: boolean): Scene[] {
  const also = closed ? ', receive window closed' : ''
  return [
    { title: `ESTABLISHED${also}`, build: (bench, options) => established(bench, options, closed).in('ESTABLISHED') },
    { title: `ESTABLISHED, nothing in flight${also}`, build: (bench, options) => established(bench, options, closed, false).in('ESTABLISHED') },
    { title: `FIN-WAIT-1${also}`, build: (bench, options) => finWait1(bench, options, closed).in('FIN-WAIT-1') },
    { title: `FIN-WAIT-2${also}`, build: (bench, options) => finWait1(bench, options, closed).say(ACK).in('FIN-WAIT-2') },
    { title: `CLOSE-WAIT${also}`, build: (bench, options) => closeWait(bench, options, closed).in('CLOSE-WAIT') },
    {
      title: `CLOSING${also}`,
      build: (bench, options) => finWait1(bench, options, closed, 1).say(FIN | ACK, 0, 'nothing new').in('CLOSING'),
    },
    {
      title: `LAST-ACK${also}`,
      build: (bench, options) => {
        const talk = closeWait(bench, options, closed)
        bench.connection!.shutdownSend()
        return talk.hear().in('LAST-ACK')
      },
    },
    { title: `TIME-WAIT${also}`, build: (bench, options) => timeWait(bench, options, closed).in('TIME-WAIT') },
  ]
}

export const scenes: readonly Scene[] = [
  { title: 'CLOSED', build: (bench, options) => new Talk(bench, options).in('CLOSED') },
  {
    title: 'LISTEN',
    build: (bench, options) => {
      bench.listen(options.iss)
      return new Talk(bench, options).in('LISTEN')
    },
  },
  { title: 'SYN-SENT', build: (bench, options) => synSent(bench, options).in('SYN-SENT') },
  {
    title: 'SYN-RECEIVED from LISTEN',
    build: (bench, options) => {
      bench.listen(options.iss)
      const talk = new Talk(bench, options).say(SYN)
      talk.here.passive = true
      return talk.in('SYN-RECEIVED')
    },
  },
  {
    title: 'SYN-RECEIVED from SYN-SENT',
    build: (bench, options) => {
      const talk = synSent(bench, options)
      talk.here.rcvNxt = options.irs
      return talk.say(SYN).in('SYN-RECEIVED')
    },
  },
  ...windowScenes(false),
  ...windowScenes(true),
  { title: 'FIN-WAIT-1, left by its user', build: (bench, options) => left(bench, options).in('FIN-WAIT-1') },
  { title: 'FIN-WAIT-2, left by its user', build: (bench, options) => left(bench, options).say(ACK).in('FIN-WAIT-2') },
  {
    title: 'TIME-WAIT, somebody listens',
    build: (bench, options) => listening(bench, timeWait(bench, options, false)).in('TIME-WAIT'),
  },
  { title: 'TIME-WAIT, left by its user', build: (bench, options) => timeWaitEntry(bench, options).in('TIME-WAIT') },
  {
    title: 'TIME-WAIT, left by its user, somebody listens',
    build: (bench, options) => listening(bench, timeWaitEntry(bench, options)).in('TIME-WAIT'),
  },
]
