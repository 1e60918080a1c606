/** 36 characters and a zero byte: what joins the data connections of a test to its control connection. */
export const COOKIE_LENGTH = 37

/** 32 characters, so that five random bits make one. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** @param random gives so many random bytes; nobody else should be able to guess them. */
export function makeCookie(random: (length: number) => Uint8Array): Uint8Array {
  const cookie = new Uint8Array(COOKIE_LENGTH)
  const bytes = random(COOKIE_LENGTH - 1)
  for (let i = 0; i < COOKIE_LENGTH - 1; i++) cookie[i] = alphabet.charCodeAt(bytes[i]! & 31)
  return cookie
}

/** Any 36 bytes that are not zero and one that is: clients make theirs as they like. */
export function isCookie(bytes: Uint8Array): boolean {
  return bytes.length === COOKIE_LENGTH && bytes.indexOf(0) === COOKIE_LENGTH - 1
}

export function sameCookie(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
