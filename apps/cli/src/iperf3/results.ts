/** Room for 256 streams as iperf3 writes them. */
export const LONGEST_RESULTS = 262_144

/** What one end counted in one stream. */
export interface StreamResult {
  readonly id: number
  readonly bytes: number
  /** Seconds. */
  readonly time: number
  /** Segments sent again; undefined at the end that does not send. */
  readonly retransmissions: number | undefined
}

/** CPU time of an end's process as a share of the test's time, in percent. */
export interface CpuUse {
  readonly total: number
  readonly user: number
  readonly system: number
}

/** What the two ends tell each other after the test. */
export interface TestResults {
  readonly cpu: CpuUse
  /** Name of the congestion control. */
  readonly congestion: string | undefined
  readonly streams: readonly StreamResult[]
}

/** As they are sent. */
export function formatResults({ cpu, congestion, streams }: TestResults): object {
  return {
    cpu_util_total: cpu.total,
    cpu_util_user: cpu.user,
    cpu_util_system: cpu.system,
    sender_has_retransmits: streams.some(({ retransmissions }) => retransmissions !== undefined) ? 1 : -1,
    ...(congestion === undefined ? {} : { congestion_used: congestion }),
    streams: streams.map(({ id, bytes, time, retransmissions = -1 }) => (
      { id, bytes, retransmits: retransmissions, jitter: 0, errors: 0, packets: 0, start_time: 0, end_time: time }
    )),
  }
}

/** The results in a message, which may be any JSON; undefined when they make no sense. */
export function parseResults(value: unknown): TestResults | undefined {
  const fields = fieldsOf(value)
  const { congestion_used: congestion, streams: list } = fields
  if (!Array.isArray(list)) return undefined
  const streams = list.map(parseStream)
  if (!streams.every((stream) => stream !== undefined)) return undefined
  return {
    cpu: { total: figure(fields['cpu_util_total']), user: figure(fields['cpu_util_user']), system: figure(fields['cpu_util_system']) },
    congestion: typeof congestion === 'string' ? congestion : undefined,
    streams,
  }
}

function parseStream(value: unknown): StreamResult | undefined {
  const { id, bytes, start_time: start, end_time: end, retransmits } = fieldsOf(value)
  if (!isCount(id) || !isCount(bytes)) return undefined
  return {
    id,
    bytes,
    time: Math.max(figure(end) - figure(start), 0),
    // The end that does not send writes -1, which iperf3 prints without its sign: 18446744073709551615.
    retransmissions: isCount(retransmits) ? retransmits : undefined,
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? value as Readonly<Record<string, unknown>> : {}
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function figure(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
