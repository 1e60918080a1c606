export { Arena, ARENA_MAX_BYTES, ARENA_MIN_BLOCK } from './arena.ts'
export { copyBytes } from './copy-bytes.ts'
export type { AddressWords } from './flow-table.ts'
export { FlowTable } from './flow-table.ts'
export { KeptNumber } from './kept-number.ts'
export { KeyedHash } from './keyed-hash.ts'
export { RangeSet } from './range-set.ts'
export type { RingBuffer } from './ring-buffer.ts'
export {
  createRing, ringConsume, ringExtend, ringPeek, ringRelease, ringReserve, ringResume, ringSpace, ringWrite, ringWriteAt,
} from './ring-buffer.ts'
export { SipHash } from './sip-hash.ts'
export { TimerQueue } from './timer-queue.ts'
