import type { HttpRequest } from './http/request.ts'
import type { HttpResponse } from './http/response.ts'
import { textResponse } from './http/response.ts'
import { page } from './page.ts'
import { PseudoRandomBody } from './pseudo-random-body.ts'
import type { HostStats } from './stats.ts'

/** What the host's web server answers. */
export function routes(stats: () => HostStats): (request: HttpRequest) => HttpResponse {
  return ({ path }) => {
    if (path === '/') return textResponse(200, page, 'text/html')
    if (path === '/stats') return textResponse(200, `${JSON.stringify(stats(), null, 2)}\n`, 'application/json')
    const bytes = /^\/bytes\/(\d{1,12})$/.exec(path)
    if (bytes !== null) return { status: 200, type: 'application/octet-stream', body: new PseudoRandomBody(Number(bytes[1])) }
    return textResponse(404)
  }
}
