import type { ClientResult, MeasuredStream } from './client.ts'
import type { StreamResult } from './results.ts'

/** One direction of a test: its streams together. */
export interface DirectionSum {
  readonly sentBy: 'client' | 'server'
  /** As the sender and as the receiver counted: bytes, seconds, bit/s. */
  readonly sent: Amount
  readonly received: Amount
  readonly retransmissions: number
}

export interface Amount {
  readonly bytes: number
  readonly time: number
  readonly rate: number
}

/** The directions that the test had, the client's first. */
export function sumUp({ streams }: Pick<ClientResult, 'streams'>): DirectionSum[] {
  return (['client', 'server'] as const).flatMap((sentBy) => {
    const own = streams.filter((stream) => stream.sentBy === sentBy)
    return own.length === 0 ? [] : [sumOf(sentBy, own)]
  })
}

function sumOf(sentBy: 'client' | 'server', streams: readonly MeasuredStream[]): DirectionSum {
  return {
    sentBy,
    sent: amountOf(streams.map(({ sent }) => sent)),
    received: amountOf(streams.map(({ received }) => received)),
    retransmissions: streams.reduce((sum, { sent }) => sum + (sent.retransmissions ?? 0), 0),
  }
}

/** Streams run side by side: their bytes add up, their times do not. */
export function amountOf(results: readonly StreamResult[]): Amount {
  const bytes = results.reduce((sum, result) => sum + result.bytes, 0)
  const time = Math.max(0, ...results.map((result) => result.time))
  return { bytes, time, rate: time === 0 ? 0 : (bytes * 8) / time }
}
