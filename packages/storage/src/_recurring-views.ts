/** Ranges remembered; a power of two. */
const PLACES = 64
/** How often a range is to come before a view of it is made. */
const OFTEN = 4
/** How many other ranges, of those that fall on its place, a range that came often enough outlives. */
const PATIENCE = 255

const arrays: (Uint8Array | undefined)[] = /* @__PURE__ */ new Array<Uint8Array | undefined>(PLACES).fill(undefined)
const views: (Uint8Array | undefined)[] = /* @__PURE__ */ new Array<Uint8Array | undefined>(PLACES).fill(undefined)
const starts: Int32Array = /* @__PURE__ */ new Int32Array(PLACES)
const ends: Int32Array = /* @__PURE__ */ new Int32Array(PLACES)
const sightings: Int32Array = /* @__PURE__ */ new Int32Array(PLACES)

/**
 * A view of `from[start, end)`, which must lie within, if that very range was asked for a few times not long ago; else `undefined`. Who
 * builds all packets in one buffer has those of one size in the same place again and again: one view is made for all of them.
 */
export function recurringView(from: Uint8Array, start: number, end: number): Uint8Array | undefined {
  // Full packets, and those a little shorter, fall on different places.
  const place = (start ^ end ^ (end >> 5) ^ (end >> 11)) & (PLACES - 1)
  if (arrays[place] !== from || starts[place] !== start || ends[place] !== end) {
    if (--sightings[place]! <= 0) remember(place, from, start, end)
    return undefined
  }
  if (sightings[place]! < PATIENCE) sightings[place]!++
  const view = views[place]
  // A view of a resizable buffer has its bytes whenever the range lies within `from`.
  return view !== undefined || sightings[place]! < OFTEN ? view : (views[place] = from.subarray(start, end))
}

function remember(place: number, from: Uint8Array, start: number, end: number): void {
  arrays[place] = from
  views[place] = undefined
  starts[place] = start
  ends[place] = end
  sightings[place] = 1
}
