import { arqAcknowledge, arqNumber, arqOffer, type ArqOptions, type ArqReceiver, type ArqScheme, type ArqSender, ArqVerdict } from '../src/index.ts'

/** A datagram service in virtual time, the same in both directions but for the time that a data packet takes to be sent. */
export interface Path {
  seed: number
  /** One-way, ms. */
  delay: number
  /** Time on the line of a data packet, ms; ACKs take none. */
  packetTime?: number
  /** Probabilities, 0 to 1. */
  loss?: number
  duplicate?: number
  /** Up to so many ms more delay: packets overtake one another. 0: first in, first out. */
  jitter?: number
}

export interface Run {
  /** Payloads in the order of their delivery. The payload of a packet is its index. */
  delivered: number[]
  /** Each sending of a packet. */
  sends: { index: number; at: number }[]
  acks: number
  naks: number
  end: number
  sender: ArqSender
  receiver: ArqReceiver
}

export interface Extra {
  /** Index to begin with, for both sides. */
  start?: number
  /** RFC 7440: a new ACK from within the window asks for the packet after it. */
  windowed?: boolean
  /** Transmissions of data packets, by count, to lose. */
  lose?: readonly number[]
  /** Compares with what one would do who knows the indices. */
  onArrival?: (receiver: ArqReceiver, payload: number, verdict: ArqVerdict) => void
  onAcked?: (sender: ArqSender, payload: number) => void
}

/** Uniform numbers from 0 up to, but not, 1 (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** `means`: for a data packet its payload, for an ACK the last index that it acknowledges. */
interface Datagram { at: number; kind: 'data' | 'ack' | 'nak'; number: number; means: number }

/** Sends `packets` packets over the path until all are acknowledged or the sender fails. */
export function transfer(scheme: ArqScheme, options: ArqOptions, packets: number, path: Path, extra: Extra = {}): Run {
  const { delay, packetTime = 0, loss = 0, duplicate = 0, jitter = 0 } = path
  const { start = 0, windowed = false, lose = [] } = extra
  const random = randomNumbers(path.seed)
  const sender = scheme.createSender(options)
  const receiver = scheme.createReceiver(options)
  sender.base = sender.next = sender.sent = sender.offered = receiver.expected = start
  receiver.ack = arqNumber(receiver, start - 1)
  arqOffer(sender, packets)
  const run: Run = { delivered: [], sends: [], acks: 0, naks: 0, end: 0, sender, receiver }
  const slots = new Array<number>(receiver.window).fill(-1)
  const cumulative = scheme.name !== 'selective repeat'
  let network: Datagram[] = []
  let now = 0
  let lineFree = 0

  const launch = (kind: Datagram['kind'], number: number, means: number, at: number): void => {
    if (kind === 'data' && lose.includes(run.sends.length - 1)) return
    if (loss > 0 && random() < loss) return
    for (let copies = duplicate > 0 && random() < duplicate ? 2 : 1; copies > 0; copies--) {
      const arrival = at + delay + (jitter > 0 ? random() * jitter : 0)
      let place = network.length
      while (place > 0 && network[place - 1]!.at > arrival) place -= 1
      network.splice(place, 0, { at: arrival, kind, number, means })
    }
  }

  const pump = (): void => {
    while (now >= lineFree) {
      const index = scheme.nextToSend(sender, now)
      if (index < 0) return
      if (index < sender.base || index >= sender.base + sender.window) throw new Error(`packet ${index} is not in the window`)
      run.sends.push({ index, at: now })
      lineFree = now + packetTime
      launch('data', arqNumber(sender, index), index, lineFree)
    }
  }

  const arrive = ({ kind, number, means }: Datagram): void => {
    if (kind === 'ack') {
      const newly = scheme.onAck(sender, number, now)
      extra.onAcked?.(sender, means)
      if (windowed && newly > 0 && sender.next > sender.base) scheme.onNak(sender, (number + 1) % sender.modulus, now)
      return
    }
    if (kind === 'nak') {
      scheme.onNak(sender, number, now)
      return
    }
    const verdict = scheme.onPacket(receiver, number)
    if (verdict === ArqVerdict.Deliver || verdict === ArqVerdict.Buffer) slots[receiver.index % receiver.window] = means
    if (verdict === ArqVerdict.Deliver) {
      for (let i = receiver.index; i < receiver.expected; i++) run.delivered.push(slots[i % receiver.window]!)
    }
    extra.onArrival?.(receiver, means, verdict)
    // The end of the transfer is known to the application, which then has an ACK sent at once.
    const last = cumulative && verdict === ArqVerdict.Deliver && receiver.expected === start + packets
    if (receiver.ackDue || last) {
      run.acks += 1
      launch('ack', last ? arqAcknowledge(receiver) : receiver.ack, cumulative ? receiver.expected - 1 - receiver.unacknowledged : means, now)
    }
    if (receiver.nak >= 0) {
      run.naks += 1
      launch('nak', receiver.nak, receiver.expected, now)
    }
  }

  for (let steps = 0; ; steps++) {
    if (steps > 3000 * (packets + 10)) throw new Error(`no end in sight at ${now} ms: base ${sender.base}`)
    pump()
    if (sender.base === sender.offered || sender.state === 'failed') break
    const line = lineFree > now ? lineFree : Infinity
    now = Math.min(sender.deadline, network[0]?.at ?? Infinity, line)
    if (now === Infinity) throw new Error('nothing is under way and no timer runs')
    while (network.length > 0 && network[0]!.at <= now) arrive(network.shift()!)
    scheme.onTimer(sender, now)
  }
  run.end = now
  network = []
  return run
}
