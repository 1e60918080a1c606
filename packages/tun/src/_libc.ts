import { createRequire } from 'node:module'
import process from 'node:process'
import type * as Koffi from 'koffi'
import { TunError } from './tun-error.ts'

// Linux numbers, the same on x64, arm64, arm, riscv64 and loong64.
export const O_RDWR = 2
export const O_NONBLOCK = 0o4000
export const O_CLOEXEC = 0o2000000
export const POLLIN = 1
export const EINTR = 4
export const EAGAIN = 11
export const ENOMEM = 12
export const ENOBUFS = 105

/** Names of numbers that have a more usual one. */
const SECOND_NAMES = ['EWOULDBLOCK', 'ENOTSUP', 'EDEADLOCK']

/** The few functions of the C library that this package calls. A negative result means that `lastError()` has the reason. */
export interface Libc {
  open(path: string, flags: number): number
  close(fd: number): number
  read(fd: number, buffer: Uint8Array, length: number): number
  write(fd: number, buffer: Uint8Array, length: number): number
  ioctl(fd: number, request: number, argument: Uint8Array): number
  /** For requests whose argument is a number itself. */
  ioctlNumber(fd: number, request: number, argument: number): number
  socket(family: number, type: number, protocol: number): number
  eventfd(value: number, flags: number): number
  /** Number of an interface; 0 when there is none of that name. */
  interfaceIndex(name: string): number
  /** Turns an address in text into its 4 or 16 bytes; 1 when it is well formed. */
  parseAddress(family: number, text: string, into: Uint8Array): number
  /** Waits on another thread, `timeout` in ms. Leave `descriptors` alone until `done` is called. */
  poll(descriptors: Uint8Array, count: number, timeout: number, done: (ready: number) => void): void
  /** Positive error number of the last call that failed. */
  lastError(): number
  /** `EPERM` for 1, and so on. */
  errorName(errno: number): string
}

let loaded: Libc | undefined

/** Loads koffi at the first call, so that importing this package does no harm where koffi is missing. Throws `TunError`. */
export function libc(): Libc {
  loaded ??= bind(loadKoffi())
  return loaded
}

function loadKoffi(): typeof Koffi {
  if (process.platform !== 'linux') {
    throw new TunError(`TUN/TAP needs Linux, and this is ${process.platform}`, { code: 'ENOTSUP' })
  }
  try {
    // require, because it answers at once and keeps bundlers from following an optional dependency.
    return createRequire(import.meta.url)('koffi') as typeof Koffi
  } catch (cause) {
    throw new TunError('koffi, which calls the C library, could not be loaded; install it with `npm install koffi`', {
      code: 'ENOTSUP',
      cause,
    })
  }
}

function bind(koffi: typeof Koffi): Libc {
  const library = koffi.load(null)
  // open and ioctl are variadic in C; on these machines an integer or pointer travels the same way in a fixed signature.
  const poll = library.func('int poll(void *fds, ulong count, int timeout)')
  const errorNames = new Map<number, string>()
  for (const [name, value] of Object.entries(koffi.os.errno)) if (!SECOND_NAMES.includes(name)) errorNames.set(value, name)
  return {
    open: library.func('int open(const char *path, int flags)'),
    close: library.func('int close(int fd)'),
    read: library.func('long read(int fd, void *buffer, ulong length)'),
    write: library.func('long write(int fd, const void *buffer, ulong length)'),
    ioctl: library.func('int ioctl(int fd, ulong request, void *argument)'),
    ioctlNumber: library.func('int ioctl(int fd, ulong request, ulong argument)'),
    socket: library.func('int socket(int family, int type, int protocol)'),
    eventfd: library.func('int eventfd(uint value, int flags)'),
    interfaceIndex: library.func('uint if_nametoindex(const char *name)'),
    parseAddress: library.func('int inet_pton(int family, const char *text, void *into)'),
    poll(descriptors, count, timeout, done) {
      poll.async(descriptors, count, timeout, (error: unknown, ready: number) => done(error ? -1 : ready))
    },
    lastError: () => koffi.errno(),
    errorName: (errno) => errorNames.get(errno) ?? `E${errno}`,
  }
}
