import type { ByteReader } from './byte-reader.ts'
import { HttpError } from './http-error.ts'
import type { HttpLimits } from './limits.ts'

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** RFC 9110 §5.5: no control characters but the tab. */
// eslint-disable-next-line no-control-regex
const FIELD_VALUE = /^[^\x00-\x08\x0a-\x1f\x7f]*$/

export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** The start line and the header fields of a message. */
export interface Head {
  readonly startLine: string
  readonly headers: Headers
}

/** The next message's head; `undefined` when the stream ends before it. @throws HttpError 400, 408, 414, 431. */
export async function readHead(reader: ByteReader, limits: HttpLimits): Promise<Head | undefined> {
  let startLine: string | undefined
  // RFC 9112 §2.2: an empty line before a request is skipped; more of them are no HTTP.
  for (let empty = 0; startLine === undefined || startLine === ''; empty++) {
    if (empty > 1) throw new HttpError(400, 'empty lines instead of a message')
    startLine = await reader.line(limits.head, 414)
    if (startLine === undefined) return undefined
  }
  return { startLine, headers: await readFields(reader, limits, limits.head - startLine.length) }
}

/** Header or trailer fields up to and with the empty line (RFC 9112 §5). @throws HttpError 400, 408, 431. */
export async function readFields(reader: ByteReader, limits: HttpLimits, room: number): Promise<Headers> {
  const headers = new Headers()
  let left = room
  for (let count = 0; ; count++) {
    const line = await reader.line(Math.max(left, 0), 431)
    if (line === undefined) throw new HttpError(400, 'the stream ended within the header')
    if (line === '') return headers
    if (count >= limits.fields) throw new HttpError(431, `more than ${limits.fields} header fields`)
    left -= line.length + 2
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
    // RFC 9112 §5.1: no space before the colon; §5.2: no folded lines. Neither is a token.
    if (!isToken(name) || !FIELD_VALUE.test(value)) throw new HttpError(400, 'a header field is malformed')
    headers.append(name, value)
  }
}

/** The members of a list field such as Connection, in lower case. */
export function listOf(headers: Headers, name: string): string[] {
  const value = headers.get(name)
  return value === null ? [] : value.toLowerCase().split(',').map((member) => member.trim()).filter((member) => member !== '')
}

/** A head as it is sent. `Headers` lets no line break into names and values. */
export function formatHead(startLine: string, headers: Headers): Uint8Array {
  let text = `${startLine}\r\n`
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`
  text += '\r\n'
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
