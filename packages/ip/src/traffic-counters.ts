const PACKETS_IN = 0
const BYTES_IN = 1
const PACKETS_OUT = 2
const BYTES_OUT = 3

/** Packets and bytes (with their link header) through one interface. Counts live in a typed array: counting allocates nothing. */
export class TrafficCounters {
  private readonly counts: Float64Array = new Float64Array(4)

  get packetsIn(): number {
    return this.counts[PACKETS_IN]!
  }

  get bytesIn(): number {
    return this.counts[BYTES_IN]!
  }

  get packetsOut(): number {
    return this.counts[PACKETS_OUT]!
  }

  get bytesOut(): number {
    return this.counts[BYTES_OUT]!
  }

  countIn(bytes: number): void {
    this.counts[PACKETS_IN]!++
    this.counts[BYTES_IN]! += bytes
  }

  countOut(bytes: number): void {
    this.counts[PACKETS_OUT]!++
    this.counts[BYTES_OUT]! += bytes
  }
}
