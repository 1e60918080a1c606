/** Sizes that links are known to have (RFC 1191 §7.1), for routers that do not say which MTU would have fit. */
const PLATEAUS: readonly number[] = [65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68]

/** The largest plateau below the size of a packet that did not fit, both in bytes (RFC 1191 §5). */
export function plateauBelow(size: number): number {
  for (const plateau of PLATEAUS) if (plateau < size) return plateau
  return PLATEAUS[PLATEAUS.length - 1]!
}
