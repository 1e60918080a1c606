import type { Head } from './fields.ts'
import { isToken, listOf } from './fields.ts'
import { HttpError } from './http-error.ts'

export interface RequestHead {
  readonly method: string
  /** The effective request URI (RFC 9110 §7.1). */
  readonly url: string
  readonly headers: Headers
  readonly minorVersion: number
  /** Whether another request may follow on the connection (RFC 9112 §9.3). */
  readonly keepAlive: boolean
  /** The client waits for 100 (Continue) before it sends the body (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean
}

/** RFC 9112 §3. `authority` stands in for the Host that HTTP/1.0 may leave out. @throws HttpError 400, 417, 501, 505. */
export function parseRequest({ startLine, headers }: Head, authority: string): RequestHead {
  const match = /^([^ ]+) ([^ ]+) HTTP\/([0-9])\.([0-9])$/.exec(startLine)
  if (match === null) throw new HttpError(400, 'the request line is malformed')
  const [, method = '', target = '', major, minor] = match
  if (!isToken(method)) throw new HttpError(400, 'the method is no token')
  if (major !== '1') throw new HttpError(505, `HTTP version ${major}`)
  const minorVersion = Math.min(Number(minor), 1)
  // Fetch's Request has no such methods.
  if (/^(CONNECT|TRACE|TRACK)$/i.test(method)) throw new HttpError(501, `method ${method}`)

  const host = headers.get('host')
  // RFC 9112 §3.2: exactly one Host in HTTP/1.1.
  if (host === null ? minorVersion === 1 : host.includes(',')) throw new HttpError(400, 'not exactly one Host')
  const expectation = headers.get('expect')
  const expectsContinue = expectation !== null && minorVersion === 1
  if (expectsContinue && expectation.toLowerCase() !== '100-continue') throw new HttpError(417, `expectation ${expectation}`)
  return {
    method, url: effectiveUrl(method, target, host || authority), headers, minorVersion,
    keepAlive: keepsAlive(headers, minorVersion), expectsContinue,
  }
}

function effectiveUrl(method: string, target: string, host: string): string {
  const absolute = target.startsWith('/') ? `http://${host}${target}`
    : target === '*' && method === 'OPTIONS' ? `http://${host}`
      : target
  const url = URL.parse(absolute)
  if (url === null || !/^https?:$/.test(url.protocol) || /[/?#@\\]/.test(host) || url.username !== '' || url.password !== '') {
    throw new HttpError(400, 'the request target is malformed')
  }
  url.hash = ''
  return url.href
}

export function keepsAlive(headers: Headers, minorVersion: number): boolean {
  const options = listOf(headers, 'connection')
  return minorVersion === 0 ? options.includes('keep-alive') : !options.includes('close')
}
