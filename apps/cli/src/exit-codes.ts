/** What the process tells its caller. Documented in the README and in `l4 --help`. */
export const ExitCode = {
  Ok: 0,
  /** A fault of ours. */
  Internal: 1,
  /** Options or arguments that make no sense. */
  Usage: 2,
  /** A file, an interface, a control socket or stdout could not be read, written or opened. */
  Io: 3,
  /** What arrived is not what was sent. */
  DigestMismatch: 4,
  /** The system does not allow it: mostly, TUN without root. */
  NoPermission: 5,
  /** The connection could not be made, or broke. */
  ConnectionFailed: 6,
  /** `l4 netstat`: no host runs. */
  NoHost: 7,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** What each code means, for the help text. */
export const exitCodeMeanings: Readonly<Record<ExitCode, string>> = {
  0: 'success',
  1: 'internal error',
  2: 'usage',
  3: 'a file, an interface, a control socket or stdout failed',
  4: 'the digests of both sides differ',
  5: 'not permitted (TUN needs root or CAP_NET_ADMIN)',
  6: 'the connection failed',
  7: 'no running host found',
}
