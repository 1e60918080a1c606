import type { ServeInfo } from './serve.ts'

/** Bytes of a piece of `/bytes/N`. */
const PIECE = 65_536

/** What the demo serves: `/`, `/echo`, `/bytes/N`. */
export function handler(request: Request, { remoteAddr }: ServeInfo): Response {
  const { pathname } = new URL(request.url)
  if (pathname === '/') {
    const from = `${remoteAddr.hostname}:${remoteAddr.port}`
    return new Response(`Hello ${from}, you came over TCP in TypeScript.\n`, { headers: { 'content-type': 'text/plain' } })
  }
  if (pathname === '/echo') {
    return new Response(request.body, { headers: { 'content-type': request.headers.get('content-type') ?? 'application/octet-stream' } })
  }
  const bytes = /^\/bytes\/([0-9]{1,12})$/.exec(pathname)
  if (bytes !== null) {
    return new Response(pseudoRandom(Number(bytes[1])), {
      headers: { 'content-type': 'application/octet-stream', 'content-length': bytes[1]! },
    })
  }
  return new Response('404 Not Found\n', { status: 404 })
}

/** `length` bytes, the same ones every time, made as they are asked for. */
export function pseudoRandom(length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let state = 1
  let left = length
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => {
      if (left === 0) return controller.close()
      const piece = new Uint8Array(Math.min(left, PIECE))
      for (let i = 0; i < piece.length; i++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
        piece[i] = state >>> 24
      }
      left -= piece.length
      controller.enqueue(piece)
    },
  }, { highWaterMark: 0 })
}
