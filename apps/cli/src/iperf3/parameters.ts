import { ServerErrorCode } from './iperf3-error.ts'

/** Most streams in one direction, as iperf3 has it. */
export const MOST_STREAMS = 128
/** Largest block in bytes, as iperf3 has it. */
const LARGEST_BLOCK = 1_048_576
/** iperf3's default block of a TCP test. */
const BLOCK = 131_072
/** Longest test in seconds, as iperf3 has it. */
export const LONGEST_TIME = 86_400
/** Longest start that does not count, in seconds. */
const LONGEST_OMIT = 600
/** iperf3's parameters are 150 to 500 bytes long. */
export const LONGEST_PARAMETERS = 8192

/** What a client wants tested. */
export interface TestParameters {
  /** `forward`: the client sends; `reverse`: the server does; `both`: both, with twice as many streams. */
  readonly direction: 'forward' | 'reverse' | 'both'
  /** Streams in each direction. */
  readonly parallel: number
  /** Seconds; 0 when `bytes` or the client's own reasons end the test. */
  readonly time: number
  /** Of all streams of a direction together; 0 when `time` ends the test. */
  readonly bytes: number
  /** Seconds at the start that do not count. */
  readonly omit: number
  /** Bytes that are written at a time. */
  readonly blockSize: number
  readonly noDelay: boolean
  /** Name of the congestion control that both sides shall use, if they have it. */
  readonly congestion?: string
}

/** Why a server refuses parameters. */
export interface Refusal {
  readonly refused: ServerErrorCode
}

/** As the client sends them. */
export function formatParameters({ direction, parallel, time, bytes, omit, blockSize, noDelay, congestion }: TestParameters): object {
  return {
    tcp: true,
    omit,
    time,
    num: bytes,
    blockcount: 0,
    parallel,
    ...(direction === 'reverse' ? { reverse: true } : {}),
    ...(direction === 'both' ? { bidirectional: true } : {}),
    ...(noDelay ? { nodelay: true } : {}),
    ...(congestion === undefined ? {} : { congestion }),
    len: blockSize,
    pacing_timer: 1000,
    client_version: '3.12',
  }
}

/** The parameters in a client's message, which may be any JSON, or why a server cannot do what they say. */
export function parseParameters(value: unknown): TestParameters | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { refused: ServerErrorCode.Parameters }
  const fields = value as Readonly<Record<string, unknown>>
  if (fields['tcp'] !== true) return { refused: ServerErrorCode.NotImplemented }
  const parallel = whole(fields['parallel'], 1, 1)
  const time = whole(fields['time'], 0, 0)
  const bytes = whole(fields['num'], 0, 0)
  const omit = whole(fields['omit'], 0, 0)
  const blockSize = whole(fields['len'], BLOCK, 1)
  const rate = whole(fields['bandwidth'], 0, 0)
  if (parallel === undefined || time === undefined || bytes === undefined || omit === undefined || blockSize === undefined
    || rate === undefined || time > LONGEST_TIME || omit > LONGEST_OMIT) return { refused: ServerErrorCode.Parameters }
  if (parallel > MOST_STREAMS) return { refused: ServerErrorCode.TooManyStreams }
  if (blockSize > LARGEST_BLOCK) return { refused: ServerErrorCode.BlockSize }
  const direction = fields['bidirectional'] === true ? 'both' : fields['reverse'] === true ? 'reverse' : 'forward'
  // A client that sends keeps to its rate by itself; we would have to pace what we send.
  if (rate > 0 && direction !== 'forward') return { refused: ServerErrorCode.NotImplemented }
  const { congestion } = fields
  return {
    direction, parallel, time, bytes, omit, blockSize, noDelay: fields['nodelay'] === true,
    ...(typeof congestion === 'string' ? { congestion } : {}),
  }
}

/** A whole number of at least `least`; `missing` when there is none. */
function whole(value: unknown, missing: number, least: number): number | undefined {
  if (value === undefined) return missing
  return Number.isSafeInteger(value) && (value as number) >= least ? value as number : undefined
}

export interface PlannedStream {
  readonly id: number
  readonly sentBy: 'client' | 'server'
}

/** The streams of a test in the order in which the client connects them. Both ends know them by these numbers, which jump from 1 to 3. */
export function planStreams({ direction, parallel }: Pick<TestParameters, 'direction' | 'parallel'>): PlannedStream[] {
  return Array.from({ length: direction === 'both' ? 2 * parallel : parallel }, (_, i) => ({
    id: i === 0 ? 1 : i + 2,
    sentBy: direction === 'reverse' || i >= parallel ? 'server' : 'client',
  }))
}
