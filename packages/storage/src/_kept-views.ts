/** Bytes of a cell. Its view costs about 100 bytes, so keeping them all costs 2.5 % of the array. */
const CELL = 4096
/** Arrays longer than this (the largest arena with its margin) are left alone. */
const LONGEST = 2 ** 30 + 2 ** 20
/** So many long copies out of an array, not far from each other, and its views are worth keeping. */
const OFTEN = 4

/** The views of arrays that are copied from again and again, by cell, made when first needed. */
const kept = /* @__PURE__ */ new WeakMap<Uint8Array, (Uint8Array | undefined)[]>()

/** Arrays seen of late that have no views yet, how often, and which of them is to be replaced next. */
const candidates: (Uint8Array | undefined)[] = /* @__PURE__ */ new Array<Uint8Array | undefined>(8).fill(undefined)
const sightings: Int32Array = /* @__PURE__ */ new Int32Array(8)
let turn = 0

/**
 * The kept views of `from`, cell by cell, or `undefined` when it does not come often: a chunk that is written once is not worth them.
 */
export function keptViews(from: Uint8Array): (Uint8Array | undefined)[] | undefined {
  const cells = kept.get(from)
  if (cells !== undefined || from.length > LONGEST) return cells
  const place = candidates.indexOf(from)
  if (place < 0) {
    candidates[turn] = from
    sightings[turn] = 1
    turn = (turn + 1) & 7
    return undefined
  }
  sightings[place]!++
  if (sightings[place]! < OFTEN) return undefined
  candidates[place] = undefined
  const made = new Array<Uint8Array | undefined>(Math.ceil(from.length / CELL)).fill(undefined)
  kept.set(from, made)
  return made
}

/** The first boundary between cells at or after `start`. */
export function nextCell(start: number): number {
  return (start + CELL - 1) & -CELL
}

/**
 * Copies the whole cells of `from[start, end)`, where `start` is such a boundary, to `into[at, …)`. Returns where it stopped:
 * less than a cell before `end`.
 */
export function copyCells(
  cells: (Uint8Array | undefined)[], from: Uint8Array, start: number, end: number, into: Uint8Array, at: number,
): number {
  const shift = at - start
  let place = start
  for (; place + CELL <= end; place += CELL) {
    const index = place / CELL
    let view = cells[index]
    if (view === undefined) {
      view = from.subarray(place, place + CELL)
      cells[index] = view
    }
    into.set(view, place + shift)
  }
  return place
}
