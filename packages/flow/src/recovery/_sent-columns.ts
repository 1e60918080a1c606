/** One element a slot. */
export interface SentColumns {
  /** Neighbours in sending order. */
  older: Int32Array
  newer: Int32Array
  flags: Uint8Array
  /** Offset one past the record. */
  end: Float64Array
  /** When it was sent last. */
  sentAt: Float64Array
  /** For a SACKED record, how many records from it on are known to be SACKED: what a walk may skip. */
  run: Int32Array
  /** As it was when the record was sent last: bytes in flight with it, and the delivery rate estimator's counts and times. */
  inFlight: Int32Array
  delivered: Float64Array
  deliveredAt: Float64Array
  firstSentAt: Float64Array
  lost: Float64Array
}

export function createColumns(capacity: number): SentColumns {
  return {
    older: new Int32Array(capacity), newer: new Int32Array(capacity), flags: new Uint8Array(capacity),
    end: new Float64Array(capacity), sentAt: new Float64Array(capacity), run: new Int32Array(capacity),
    inFlight: new Int32Array(capacity), delivered: new Float64Array(capacity), deliveredAt: new Float64Array(capacity),
    firstSentAt: new Float64Array(capacity), lost: new Float64Array(capacity),
  }
}

/** What every empty queue has: a connection that sends nothing takes no memory for it. */
export const NO_COLUMNS: SentColumns = /* @__PURE__ */ createColumns(0)

/** So many least columns are kept for who needs some next: a connection that only opens and closes needs them for its FIN alone. */
const MAX_SPARE = 64
/** What queues have given back. What is in them is of no meaning: a record is written whole before it is read. */
const spare: SentColumns[] = []

/** Columns of the least capacity. */
export function takeColumns(capacity: number): SentColumns {
  return spare.pop() ?? createColumns(capacity)
}

/** Columns of the least capacity that nobody uses any more: ten arrays that need not be made again. */
export function giveColumns(columns: SentColumns): void {
  if (spare.length < MAX_SPARE) spare.push(columns)
}

/** Everything about one record that does not follow from where it stands. */
export function copyRecord(from: SentColumns, source: number, to: SentColumns, target: number): void {
  to.flags[target] = from.flags[source]!
  to.end[target] = from.end[source]!
  to.sentAt[target] = from.sentAt[source]!
  to.inFlight[target] = from.inFlight[source]!
  to.delivered[target] = from.delivered[source]!
  to.deliveredAt[target] = from.deliveredAt[source]!
  to.firstSentAt[target] = from.firstSentAt[source]!
  to.lost[target] = from.lost[source]!
}
