import type { DropReason } from '@layerfour/wire'

/** The segment did all that it could: no check after this one applies, and nothing was dropped. */
export const STOP = -1

/** What a check says: `None` goes on to the next one, a reason drops the segment, `STOP` ends well. */
export type Verdict = DropReason | typeof STOP
