import type { Framing } from './framing.ts'
import { hasNoBody, NO_BODY } from './framing.ts'

/**
 * How a body is sent, and the header fields that say so. A Content-Length of the user's is kept to; a body without one goes in chunks, or
 * to an HTTP/1.0 client up to the end of the connection.
 * @throws TypeError for a Content-Length that is none.
 */
export function frameResponse(status: number, headers: Headers, body: ReadableStream | null, minorVersion: number): Framing {
  headers.delete('transfer-encoding')
  if (hasNoBody(status)) {
    // RFC 9110 §8.6: not even a zero. With 304 it would be the length of what was not sent.
    if (status !== 304) headers.delete('content-length')
    return NO_BODY
  }
  if (body === null) {
    headers.set('content-length', '0')
    return NO_BODY
  }
  return frameBody(headers) ?? (minorVersion === 0 ? { kind: 'rest' } : chunked(headers))
}

/** The same for a request's stream. */
export function frameRequest(headers: Headers): Framing {
  headers.delete('transfer-encoding')
  return frameBody(headers) ?? chunked(headers)
}

function frameBody(headers: Headers): Framing | undefined {
  const text = headers.get('content-length')
  if (text === null) return undefined
  const length = Number(text)
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(length)) {
    throw new TypeError(`Content-Length is '${text}', expected a number of bytes`)
  }
  return { kind: 'length', length }
}

function chunked(headers: Headers): Framing {
  headers.set('transfer-encoding', 'chunked')
  return { kind: 'chunked' }
}
