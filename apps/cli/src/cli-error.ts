import { ExitCode } from './exit-codes.ts'

/** Ends the command with a message for people and an exit code for programs. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

/** A failed system call of the host: Node's file and socket errors, and TunError, which is shaped like them. */
interface SystemError extends Error {
  readonly code: string
  readonly syscall: string
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && typeof (error as Partial<SystemError>).code === 'string'
    && typeof (error as Partial<SystemError>).syscall === 'string'
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  EIO: 'input/output error',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'a part of the path is no directory',
  EROFS: 'the file system is read-only',
}

/** Why the system refused, in words. */
export function reasonOf(error: Error & { readonly code?: string }): string {
  return (error.code === undefined ? undefined : reasons[error.code]) ?? error.message
}

/** Does `work`; when the system refuses, throws what could not be done and why, and what may help. */
export function attempt<T>(what: string, work: () => T, advice: Readonly<Record<string, string>> = {}): T {
  try {
    return work()
  } catch (error) {
    if (!isSystemError(error)) throw error
    const hint = advice[error.code]
    throw new CliError(`cannot ${what}: ${reasonOf(error)}${hint === undefined ? '' : `; ${hint}`}`, explain(error).exitCode, error)
  }
}

/** The exit code and the message that an error of any kind comes to. */
export function explain(error: unknown): { message: string, exitCode: ExitCode } {
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode }
  if (isSystemError(error)) {
    const denied = error.code === 'EPERM' || error.code === 'EACCES'
    return { message: error.message, exitCode: denied ? ExitCode.NoPermission : ExitCode.Io }
  }
  const message = error instanceof Error ? error.stack ?? error.message : String(error)
  return { message: `internal error: ${message}`, exitCode: ExitCode.Internal }
}
