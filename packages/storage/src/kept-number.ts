/**
 * Gives the same object for the same number. Engines make an object of each fraction that a function returns or is given (16 bytes);
 * where it is mostly the one of the call before, as a deadline is from poll to poll, that one does as well.
 */
export class KeptNumber {
  /** Typed, so that comparing with it makes no object either. */
  private readonly value: Float64Array = Float64Array.of(NaN)
  private object: number | undefined = undefined

  /** Returns `value`. */
  keep(value: number): number {
    if (value === this.value[0]) return this.object!
    this.value[0] = value
    this.object = value
    return value
  }
}
