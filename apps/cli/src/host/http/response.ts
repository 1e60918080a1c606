import type { TcpConnection } from '@layerfour/socket'

/** A body that is made as it is sent. */
export interface StreamedBody {
  /** In bytes. */
  readonly length: number
  /** Fills `into` with the bytes that come next. */
  fill(into: Uint8Array): void
}

export interface HttpResponse {
  readonly status: number
  /** Media type. */
  readonly type: string
  readonly body: Uint8Array | StreamedBody
}

const CHUNK = 65_536

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  505: 'HTTP Version Not Supported',
}

export function textResponse(status: number, text = `${status} ${reasons[status] ?? ''}\n`, type = 'text/plain'): HttpResponse {
  return { status, type: `${type}; charset=utf-8`, body: new TextEncoder().encode(text) }
}

export interface SendOptions {
  /** HEAD: all but the body. */
  readonly withoutBody: boolean
  readonly keepAlive: boolean
}

/** Writes a response; the connection stays open. */
export async function sendResponse(connection: TcpConnection, response: HttpResponse, options: SendOptions): Promise<void> {
  const { status, type, body } = response
  const head = [
    `HTTP/1.1 ${status} ${reasons[status] ?? ''}`,
    `Date: ${new Date().toUTCString()}`,
    'Server: layerfour',
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
    ...(status === 405 ? ['Allow: GET, HEAD'] : []),
    'Cache-Control: no-store',
    `Connection: ${options.keepAlive ? 'keep-alive' : 'close'}`,
    '', '',
  ].join('\r\n')
  const headBytes = new TextEncoder().encode(head)
  if (options.withoutBody) await connection.write(headBytes)
  else if (body instanceof Uint8Array) await connection.write(joined(headBytes, body))
  else {
    await connection.write(headBytes)
    await sendStreamed(connection, body)
  }
}

async function sendStreamed(connection: TcpConnection, body: StreamedBody): Promise<void> {
  const chunk = new Uint8Array(Math.min(CHUNK, body.length))
  for (let left = body.length; left > 0;) {
    const part = chunk.subarray(0, Math.min(left, chunk.length))
    body.fill(part)
    await connection.write(part)
    left -= part.length
  }
}

/** One write, so that a small answer is one segment. */
function joined(head: Uint8Array, body: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + body.length)
  all.set(head)
  all.set(body, head.length)
  return all
}
