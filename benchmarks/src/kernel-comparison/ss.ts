import type { SenderReport } from './programs/sender.ts'

/** Reads what `ss -tinH` says about one connection (iproute2). Throws when there is none. */
export function parseSs(text: string): SenderReport {
  const words = text.trim().split(/\s+/)
  /** The word that follows `name:`, as in `cwnd:10`. */
  const value = (name: string): string | undefined => words.find((word) => word.startsWith(`${name}:`))?.slice(name.length + 1)
  const cwnd = value('cwnd')
  if (cwnd === undefined) throw new Error(`ss shows no connection: ${JSON.stringify(text)}`)
  return {
    // The details stand on a line of their own, which the algorithm's name begins.
    congestionControl: text.trim().split('\n').at(-1)!.trim().split(/\s+/)[0]!,
    // `retrans:now/total`, left out while it is 0/0.
    retransmissions: Number(value('retrans')?.split('/')[1] ?? 0),
    cwnd: Number(cwnd) * Number(value('mss') ?? 0),
    rtt: Number(value('rtt')?.split('/')[0] ?? NaN),
    minRtt: Number(value('minrtt') ?? NaN),
  }
}
