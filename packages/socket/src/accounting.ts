import type { ProtocolAccounting } from './protocol.ts'

/** What `stack.accounting()` says. Bytes are exact: sizes of the arena's blocks. */
export interface Accounting {
  readonly memory: {
    /** The budget. */
    readonly capacity: number
    /** In use by all owners. */
    readonly used: number
    /** The most that was ever in use. */
    readonly peak: number
  }
  /** What no protocol below has: the internet layer's queues, fragments, packets that wait for a neighbour. */
  readonly internet: { readonly bytes: number }
  /** By the protocol's name: `tcp`, `udp`. */
  readonly protocols: Readonly<Record<string, ProtocolAccounting>>
}
