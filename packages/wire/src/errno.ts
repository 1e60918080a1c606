/**
 * Error numbers as results of non-blocking calls: negative, with the values of Linux's generic
 * table, so that a result below 0 is an error and its number means what it means to a kernel.
 */
export const Errno = {
  EPERM: -1,
  ENOENT: -2,
  EINTR: -4,
  EIO: -5,
  EBADF: -9,
  EAGAIN: -11,
  ENOMEM: -12,
  EACCES: -13,
  EFAULT: -14,
  EBUSY: -16,
  EEXIST: -17,
  ENODEV: -19,
  EINVAL: -22,
  EMFILE: -24,
  EPIPE: -32,
  ENOSYS: -38,
  EPROTO: -71,
  EOVERFLOW: -75,
  ENOTSOCK: -88,
  EDESTADDRREQ: -89,
  EMSGSIZE: -90,
  EPROTOTYPE: -91,
  ENOPROTOOPT: -92,
  EPROTONOSUPPORT: -93,
  ESOCKTNOSUPPORT: -94,
  EOPNOTSUPP: -95,
  EAFNOSUPPORT: -97,
  EADDRINUSE: -98,
  EADDRNOTAVAIL: -99,
  ENETDOWN: -100,
  ENETUNREACH: -101,
  ENETRESET: -102,
  ECONNABORTED: -103,
  ECONNRESET: -104,
  ENOBUFS: -105,
  EISCONN: -106,
  ENOTCONN: -107,
  ESHUTDOWN: -108,
  ETIMEDOUT: -110,
  ECONNREFUSED: -111,
  EHOSTDOWN: -112,
  EHOSTUNREACH: -113,
  EALREADY: -114,
  EINPROGRESS: -115,
  ECANCELED: -125,
} as const

export type Errno = (typeof Errno)[keyof typeof Errno]

/** Name of an error number, negative as calls return it or positive as POSIX has it; `'E<number>'` for one not listed. */
export function errnoName(errno: number): string {
  const negative = errno < 0 ? errno : -errno
  for (const [name, value] of Object.entries(Errno)) if (value === negative) return name
  return `E${-negative}`
}
