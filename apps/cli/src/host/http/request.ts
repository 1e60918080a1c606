/** The head of an HTTP/1.x request (RFC 9112 §3, §5). */
export interface HttpRequest {
  readonly method: string
  /** The target's path, percent-encoding as it came, without the query. */
  readonly path: string
  /** The connection serves another request afterwards. */
  readonly keepAlive: boolean
}

/** Reads the head without its empty line; the status code of the answer when it is no request that we take. */
export function parseRequest(head: string): HttpRequest | number {
  const [requestLine = '', ...fields] = head.split('\r\n')
  const words = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/1\.([01])$/.exec(requestLine)
  if (words === null) return / HTTP\/[02-9]/.test(requestLine) ? 505 : 400
  const [, method = '', target = '', minor] = words
  const headers = new Map<string, string>()
  for (const field of fields) {
    const colon = field.indexOf(':')
    // RFC 9112 §5.1: no space before the colon; §5.2: no folded lines.
    if (colon < 1 || /[ \t]/.test(field.slice(0, colon))) return 400
    const name = field.slice(0, colon).toLowerCase()
    const value = field.slice(colon + 1).trim()
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
  }
  // RFC 9112 §3.2: a request without Host, or with two, is refused.
  if (minor === '1' && (headers.get('host') ?? ',').includes(',')) return 400
  if (method !== 'GET' && method !== 'HEAD') return 405
  if (headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) !== 0) return 400
  const path = pathOf(target)
  if (path === undefined) return 400
  const options = (headers.get('connection') ?? '').toLowerCase().split(',').map((option) => option.trim())
  return { method, path, keepAlive: minor === '1' ? !options.includes('close') : options.includes('keep-alive') }
}

/** RFC 9112 §3.2.1 and §3.2.2: `/path?query`, or a whole URL as proxies get it. */
function pathOf(target: string): string | undefined {
  if (target.startsWith('/')) return target.split('?', 1)[0]
  const url = /^https?:\/\/[^/?#]+([^?#]*)/i.exec(target)
  return url === null ? undefined : url[1] || '/'
}
