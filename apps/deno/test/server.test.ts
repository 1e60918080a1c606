import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../src/http/limits.ts'
import { answers, bytesOf, cut } from './support.ts'

const hello = (): Response => new Response('hello', { headers: { 'content-type': 'text/plain', 'content-length': '5' } })
const echo = async (request: Request): Promise<Response> => new Response(`${request.method} ${await request.text()}`)
const statusOf = (output: string): number => Number(output.split(' ')[1])

describe('a request', () => {
  test('is answered; the connection is kept, and closed when the client ends it', async () => {
    const { output, end } = await answers('GET /path?q=1 HTTP/1.1\r\nHost: example:8080\r\nX-A: 1\r\nX-A:  2 \r\n\r\n', (request) => {
      expect(request.url).toBe('http://example:8080/path?q=1')
      expect(request.headers.get('x-a')).toBe('1, 2')
      return hello()
    })
    const [startLine, ...fields] = output.split('\r\n')
    expect(startLine).toBe('HTTP/1.1 200 OK')
    expect(fields.slice(0, 3).sort()).toEqual(['connection: keep-alive', 'content-length: 5', 'content-type: text/plain'])
    expect(fields.slice(3)).toEqual(['', 'hello'])
    expect(end).toBe('closed')
  })

  test('RFC 9112 §9.3.2: several that come at once are answered one after another', async () => {
    const { output } = await answers(
      'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nde'
      + 'GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n', echo)
    expect(output.match(/(POST|GET)[^\r]*/g)).toEqual(['POST abc', 'POST de', 'GET '])
    expect(output.match(/HTTP\/1.1 200/g)).toHaveLength(3)
  })

  test('RFC 9112 §7.1: a chunked body, however the stream is cut', async () => {
    const request = bytesOf('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
      + '5\r\nhello\r\n1;name="value"\r\n \r\nA\r\nworld\r\n\r\n!\r\n0\r\nTrailer: yes\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(200), { maxLength: 40 }), async (places) => {
      const { output } = await answers(cut(request, places), echo)
      expect(output).toContain('POST hello world\r\n\r\n!')
      expect(output).toContain('GET ')
    }), { numRuns: 60 })
  })

  test('RFC 9112 §3.2: the target may be a whole URL, or * for the server itself', async () => {
    const urls: string[] = []
    const note = (request: Request): Response => {
      urls.push(request.url)
      return hello()
    }
    await answers('GET http://other/x HTTP/1.1\r\nHost: other\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', note)
    await answers('GET /y HTTP/1.0\r\n\r\n', note)
    expect(urls).toEqual(['http://other/x', 'http://a/', 'http://10.0.0.2/y'])
  })

  test('RFC 9110 §10.1.1: a client that waits is told to go on when the handler wants the body, and not otherwise', async () => {
    const request = 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok'
    const wanted = await answers(request, echo)
    expect(wanted.output).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*POST ok/)
    const refused = await answers(request, () => new Response(null, { status: 403 }))
    expect(refused.output).toMatch(/^HTTP\/1\.1 403 /)
    expect(refused.output).toContain('connection: close')
    const piped = await answers(request, (incoming) => new Response(incoming.body))
    const late = await answers(request, (incoming) => new Response(incoming.body, { status: 400 }))
    expect(late.output).not.toContain('100 Continue')
    expect(piped.output).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*ok/)
  })

  test('a body that the handler does not read is skipped; one that is long ends the connection', async () => {
    const next = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
    const skipped = await answers(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /${next}`, hello)
    expect(skipped.output.match(/HTTP\/1.1 200/g)).toHaveLength(2)
    const long = 400_000
    const cutOff = await answers(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${long}\r\n\r\n${'x'.repeat(long)}${next}`, hello)
    expect(cutOff.output.match(/HTTP\/1.1 200/g)).toHaveLength(1)
  })

  test('a body that is read after the response has ended breaks off, and does not look complete', async () => {
    let late: Promise<string> | undefined
    await answers('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello', (request) => {
      late = new Promise((resolve) => { setTimeout(() => resolve(request.text()), 5) })
      return hello()
    })
    await expect(late).rejects.toThrow()
  })
})

describe('what is no request that we take', () => {
  const head = (fields: string): string => `POST / HTTP/1.1\r\nHost: x\r\n${fields}\r\n`
  const cases: readonly (readonly [title: string, status: number, input: string])[] = [
    ['no HTTP at all', 400, 'hello\r\n\r\n'],
    ['two spaces in the request line', 400, 'GET  / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a method that is no token', 400, 'G@T / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a method that Fetch does not know', 501, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['HTTP/2', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['RFC 9112 §3.2: no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
    ['RFC 9112 §3.2: two Hosts', 400, 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'],
    ['a Host that is more than a host', 400, 'GET / HTTP/1.1\r\nHost: x/y\r\n\r\n'],
    ['a target that is neither a path nor a URL', 400, 'GET x HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['RFC 9112 §5.1: space before the colon', 400, 'GET / HTTP/1.1\r\nHost : x\r\n\r\n'],
    ['RFC 9112 §5.2: a folded line', 400, 'GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n'],
    ['RFC 9110 §5.5: a NUL in a value', 400, 'GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n'],
    ['a lone CR in a value', 400, 'GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n'],
    ['lines that end in LF alone', 400, 'GET / HTTP/1.1\nHost: x\n\n'],
    ['lines that end in LF behind something else than CR', 400, 'GET / HTTP/1.1?\nHost: x?\n?\n'],
    ['a head that breaks off', 400, 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['RFC 9112 §6.1: chunked and a length', 400, `${head('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n')}0\r\n\r\n`],
    ['RFC 9112 §6.1: a coding that is not chunked', 501, `${head('Transfer-Encoding: gzip, chunked\r\n')}0\r\n\r\n`],
    ['RFC 9112 §6.1: chunked in HTTP/1.0', 400, 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['RFC 9110 §8.6: lengths that differ', 400, `${head('Content-Length: 3\r\nContent-Length: 4\r\n')}abcd`],
    ['a length with a sign', 400, `${head('Content-Length: +3\r\n')}abc`],
    ['a length beyond all numbers', 400, head('Content-Length: 99999999999999999999\r\n')],
    ['a body that breaks off', 400, `${head('Content-Length: 3\r\n')}ab`],
    ['a chunk without a size', 400, `${head('Transfer-Encoding: chunked\r\n')}\r\nab`],
    ['a chunk longer than it said', 400, `${head('Transfer-Encoding: chunked\r\n')}2\r\nabc\r\n0\r\n\r\n`],
    ['a chunk size that is no number', 400, `${head('Transfer-Encoding: chunked\r\n')}0x2\r\nab\r\n0\r\n\r\n`],
    ['chunks that break off', 400, `${head('Transfer-Encoding: chunked\r\n')}2\r\nab\r\n`],
    ['an unknown expectation', 417, head('Expect: miracles\r\n')],
    ['a long target', 414, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a long field', 431, head(`X: ${'x'.repeat(20_000)}\r\n`)],
    ['many long fields', 431, head(`X: ${'x'.repeat(5000)}\r\n`.repeat(5))],
    ['many fields', 431, head('X: x\r\n'.repeat(200))],
    ['a line before a chunk that does not end', 400, `${head('Transfer-Encoding: chunked\r\n')}2;${'x'.repeat(5000)}\r\nab\r\n0\r\n\r\n`],
  ]

  test.each(cases)('%s: %i', async (_, status, input) => {
    const { output, end } = await answers(input, echo)
    expect(statusOf(output)).toBe(status)
    expect(output).toContain('connection: close')
    expect(output.match(/HTTP\/1.1/g)).toHaveLength(1)
    expect(end).toBe('closed')
  })

  test('a body over the limit is answered 413, whether it says so or not', async () => {
    const limits = { ...defaultLimits, body: 10 }
    const declared = await answers(`${head('Content-Length: 11\r\n')}hello world`, echo, { limits })
    expect(statusOf(declared.output)).toBe(413)
    const chunked = await answers(`${head('Transfer-Encoding: chunked\r\n')}b\r\nhello world\r\n0\r\n\r\n`, echo, { limits })
    expect(statusOf(chunked.output)).toBe(413)
    const fits = await answers(`${head('Content-Length: 10\r\n')}hello worl`, echo, { limits })
    expect(statusOf(fits.output)).toBe(200)
  })

  test('whatever comes, the server answers or closes, and lives', async () => {
    const fragment = fc.constantFrom('GET / HTTP/1.1\r\n', 'POST /x HTTP/1.0\r\n', 'Host: x\r\n', 'Content-Length: 4\r\n', '\r\n', 'abcd',
      'Transfer-Encoding: chunked\r\n', '4\r\n', '0\r\n', ' ', ':', '\n', '\r', '\0', '\xff')
    await fc.assert(fc.asyncProperty(fc.array(fragment, { maxLength: 20 }), async (fragments) => {
      const { output, end } = await answers(fragments.map(bytesOf), echo)
      expect(output === '' || /^HTTP\/1\.1 [1-5]/.test(output)).toBe(true)
      expect(end).toBe('closed')
    }), { numRuns: 300 })
  })
})

describe('a response', () => {
  const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

  test('without a length is chunked; to HTTP/1.0 it goes up to the end of the connection', async () => {
    const streamed = (): Response => new Response('hello')
    const modern = await answers(get, streamed)
    expect(modern.output).toContain('transfer-encoding: chunked\r\n')
    expect(modern.output).toMatch(/\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/)
    const old = await answers('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', streamed)
    expect(old.output).toContain('connection: close')
    expect(old.output).not.toContain('chunked')
    expect(old.output).toMatch(/\r\n\r\nhello$/)
  })

  test('RFC 9110 §9.3.2: to HEAD it has the fields alone; §15.3.5: 204 has no length', async () => {
    const { output } = await answers('HEAD / HTTP/1.1\r\nHost: x\r\n\r\n', hello)
    expect(output).toContain('content-length: 5')
    expect(output).toMatch(/\r\n\r\n$/)
    const empty = await answers(get, () => new Response(null, { status: 204 }))
    expect(empty.output).not.toContain('content-length')
    const nothing = await answers(get, () => new Response(null))
    expect(nothing.output).toContain('content-length: 0')
  })

  test('every Set-Cookie is a field of its own', async () => {
    const { output } = await answers(get, () => {
      const headers = new Headers()
      headers.append('set-cookie', 'a=1')
      headers.append('set-cookie', 'b=2')
      return new Response(null, { headers })
    })
    expect(output.match(/set-cookie: [ab]=[12]\r\n/g)).toHaveLength(2)
  })

  test('a handler that throws, or gives what is no response, is answered for by onError', async () => {
    const thrown = await answers(get, () => { throw new Error('no luck') })
    expect(thrown.output).toMatch(/^HTTP\/1\.1 500 Internal Server Error[^]*sorry: no luck/)
    const used = await answers(get, async () => {
      const response = hello()
      await response.text()
      return response
    })
    expect(used.output).toMatch(/^HTTP\/1\.1 500 [^]*has been read already/)
    const none = await answers(get, () => undefined as unknown as Response)
    expect(none.output).toMatch(/^HTTP\/1\.1 500 [^]*the handler gave undefined, expected a Response/)
  })

  test('a body that breaks, or has another length than it says, breaks the connection', async () => {
    const broken = await answers(get, () => new Response(new ReadableStream({
      pull: (controller) => controller.error(new Error('disk on fire')),
    })))
    expect(broken.end).toBe('aborted')
    expect(broken.output).not.toContain('0\r\n\r\n')
    for (const length of ['4', '6']) {
      const wrong = await answers(get, () => new Response('hello', { headers: { 'content-length': length } }))
      expect(wrong.end).toBe('aborted')
    }
  })
})

describe('a client that takes its time', () => {
  test('may be idle for as long as the server says', async () => {
    const { output, end } = await answers('', hello, { idleTimeout: 5, limits: { ...defaultLimits, linger: 5 } }, 'wait')
    expect(output).toBe('')
    expect(end).not.toBe('open')
  })

  test('is answered 408 in the middle of a request', async () => {
    const { output } = await answers('GET / HTTP/1.1\r\nHost:', hello, { limits: { ...defaultLimits, patience: 5, linger: 5 } }, 'wait')
    expect(output).toMatch(/^HTTP\/1\.1 408 Request Timeout/)
  })
})
