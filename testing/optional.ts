/** The line that a missing tool prints begins with this; the reporter gathers such lines. */
export const missingMark = 'optional:'

/** `LAYERFOUR_REQUIRE=1`, as CI sets it: nothing may be skipped. */
export function everythingRequired(): boolean {
  const host = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process
  return host?.env?.['LAYERFOUR_REQUIRE'] === '1'
}

/**
 * For tests that need something that not every machine has. `missing` says why `tool` cannot be used
 * here, and is undefined or empty when it can; `skipped` says what is not tested without it.
 *
 *     const tun = optional('TUN', whyNoTun(), 'the kernel over TUN')
 *     describe.skipIf(!tun)('…', () => …)
 *
 * Returns whether the tool is there. A missing one is printed, again at the end of the run; with
 * `LAYERFOUR_REQUIRE=1` it throws instead, so that CI fails where a laptop skips.
 */
export function optional(tool: string, missing: string | undefined, skipped: string): boolean {
  if (!missing) return true
  const line = `${missingMark} ${tool} is missing (${missing}): skipped ${skipped}`
  if (everythingRequired()) throw new Error(`${line}; LAYERFOUR_REQUIRE=1 forbids that`)
  console.warn(line)
  return false
}
