import { listOf } from './fields.ts'
import { HttpError } from './http-error.ts'

/** How the length of a body is known (RFC 9112 §6.3). */
export type Framing =
  | { readonly kind: 'length', readonly length: number }
  | { readonly kind: 'chunked' }
  /** Everything up to the end of the connection. */
  | { readonly kind: 'rest' }

export const NO_BODY: Framing = { kind: 'length', length: 0 }

/** A body in a request. @throws HttpError 400 or 501 when its length cannot be told for sure. */
export function requestFraming(headers: Headers, minorVersion: number): Framing {
  return declaredFraming(headers, minorVersion) ?? NO_BODY
}

/** A body in the response to `method`. @throws HttpError as above. */
export function responseFraming(method: string, status: number, headers: Headers, minorVersion: number): Framing {
  if (method === 'HEAD' || hasNoBody(status)) return NO_BODY
  return declaredFraming(headers, minorVersion) ?? { kind: 'rest' }
}

/** RFC 9110 §6.4.1; 205 is never followed by content either (§15.3.6). */
export function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 205 || status === 304
}

function declaredFraming(headers: Headers, minorVersion: number): Framing | undefined {
  const coding = headers.get('transfer-encoding')
  const length = headers.get('content-length')
  if (coding !== null) {
    // RFC 9112 §6.1: both together, or chunked in HTTP/1.0, is how one request is smuggled in another.
    if (length !== null) throw new HttpError(400, 'both Transfer-Encoding and Content-Length')
    if (minorVersion === 0) throw new HttpError(400, 'Transfer-Encoding in HTTP/1.0')
    const codings = listOf(headers, 'transfer-encoding')
    if (codings.length !== 1 || codings[0] !== 'chunked') throw new HttpError(501, `transfer coding ${coding}`)
    return { kind: 'chunked' }
  }
  if (length === null) return undefined
  // RFC 9110 §8.6: the same length several times is one length.
  const lengths = new Set(length.split(',').map((member) => member.trim()))
  const [text = ''] = lengths
  const value = Number(text)
  if (lengths.size !== 1 || !/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new HttpError(400, `Content-Length is '${length}'`)
  }
  return { kind: 'length', length: value }
}
