/** What went wrong between the two ends of a test: not what iperf3 says, or nothing at all. */
export class Iperf3Error extends Error {
  override readonly name = 'Iperf3Error'
}

/** Numbers that go with SERVER_ERROR. The real client has a text for each. */
export const ServerErrorCode = {
  /** "number of parallel streams too large" */
  TooManyStreams: 6,
  /** "block size too large" */
  BlockSize: 7,
  /** "an option you are trying to set is not implemented yet" */
  NotImplemented: 13,
  /** "unable to receive parameters from client" */
  Parameters: 114,
} as const

export type ServerErrorCode = (typeof ServerErrorCode)[keyof typeof ServerErrorCode]

const meanings: Readonly<Record<ServerErrorCode, string>> = {
  6: 'too many parallel streams',
  7: 'the block size is out of range',
  13: 'an option is not implemented',
  114: 'it cannot understand our parameters',
}

/** What a server's error number means, as far as we know. */
export function describeServerError(code: number): string {
  return meanings[code as ServerErrorCode] ?? `iperf3 error ${code}`
}
