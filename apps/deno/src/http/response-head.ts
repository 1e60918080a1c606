import type { Head } from './fields.ts'
import { HttpError } from './http-error.ts'
import { keepsAlive } from './request-head.ts'

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly headers: Headers
  readonly minorVersion: number
  readonly keepAlive: boolean
}

/** RFC 9112 §4. @throws HttpError when it is no HTTP/1 response. */
export function parseResponse({ startLine, headers }: Head): ResponseHead {
  // The reason phrase may be missing, with its space or without.
  const match = /^HTTP\/1\.([0-9]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(startLine)
  if (match === null) throw new HttpError(400, 'the status line is malformed')
  const [, minor, status, reason = ''] = match
  const minorVersion = Math.min(Number(minor), 1)
  return { status: Number(status), reason, headers, minorVersion, keepAlive: keepsAlive(headers, minorVersion) }
}
