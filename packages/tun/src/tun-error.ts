/**
 * Why an interface could not be opened or set up. `code` is Node's name for the errno (`EPERM`, `EBUSY`, `ENOENT`...), or
 * `ENOTSUP` where TUN/TAP cannot work at all: no Linux, no koffi. The message says what to do about it.
 */
export class TunError extends Error {
  override readonly name: string = 'TunError'
  readonly code: string
  /** Negative Linux error number, as Node gives it; 0 when no system call failed. */
  readonly errno: number
  /** The call that failed, such as `open` or `ioctl(TUNSETIFF)`. */
  readonly syscall: string

  constructor(message: string, details: { code: string; errno?: number; syscall?: string; cause?: unknown }) {
    super(`${message} (${details.code})`, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.errno = details.errno ?? 0
    this.syscall = details.syscall ?? ''
  }
}
