import { describe, expect, test } from 'vitest'
import type { OutgoingRequest } from '../src/http/client-connection.ts'
import { ClientConnection } from '../src/http/client-connection.ts'
import { defaultLimits } from '../src/http/limits.ts'
import { bytesOf, Scripted } from './support.ts'

const url = new URL('http://10.0.0.2:8080/path?q=1')

function get(more: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return { url, method: 'GET', headers: new Headers(), body: null, signal: new AbortController().signal, ...more }
}

interface Exchange {
  readonly response: Promise<Response>
  readonly connection: Scripted
  readonly reusable: () => boolean
}

function exchange(answer: string, request: OutgoingRequest = get(), then: 'end' | 'wait' = 'wait'): Exchange {
  const connection = new Scripted(answer === '' ? [] : [bytesOf(answer)], then)
  let reusable = false
  const response = new ClientConnection(connection, defaultLimits).exchange(request, () => { reusable = true })
  return { response, connection, reusable: () => reusable }
}

/** Lets what follows the end of a body happen. */
const settle = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 0) })

describe('a request', () => {
  test('names host, path and query; its length is known or it goes in chunks', async () => {
    const ok = 'HTTP/1.1 204 No Content\r\n\r\n'
    const plain = exchange(ok)
    await plain.response
    expect(plain.connection.output).toMatch(/^GET \/path\?q=1 HTTP\/1\.1\r\n/)
    expect(plain.connection.output).toContain('host: 10.0.0.2:8080\r\n')
    expect(plain.connection.output).not.toMatch(/content-length|transfer-encoding/)

    const bytes = exchange(ok, get({ method: 'POST', body: bytesOf('hello') }))
    await bytes.response
    expect(bytes.connection.output).toMatch(/content-length: 5\r\n[^]*\r\n\r\nhello$/)

    const stream = exchange(ok, get({ method: 'POST', body: new Blob(['hello']).stream() }), 'end')
    await stream.response
    await settle()
    expect(stream.connection.output).toContain('transfer-encoding: chunked\r\n')
    expect(stream.connection.output).toMatch(/\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/)

    const empty = exchange(ok, get({ method: 'POST' }))
    await empty.response
    expect(empty.connection.output).toContain('content-length: 0\r\n')
  })
})

describe('a response', () => {
  test('with a length leaves the connection to the next request', async () => {
    const { response, connection, reusable } = exchange('HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX: y\r\n\r\nhello')
    const { status, statusText, headers } = await response
    expect([status, statusText, headers.get('x')]).toEqual([200, 'Fine', 'y'])
    expect(reusable()).toBe(false)
    expect(await (await response).text()).toBe('hello')
    await settle()
    expect(reusable()).toBe(true)
    expect(connection.end).toBe('open')
  })

  test('in chunks', async () => {
    const { response, reusable } = exchange('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n')
    expect(await (await response).text()).toBe('hello world')
    await settle()
    expect(reusable()).toBe(true)
  })

  test('up to the end of the connection; or with Connection: close; or of HTTP/1.0: the connection ends with it', async () => {
    for (const answer of [
      'HTTP/1.1 200 OK\r\n\r\nhello',
      'HTTP/1.1 200\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    ]) {
      const { response, connection, reusable } = exchange(answer, get(), 'end')
      expect(await (await response).text()).toBe('hello')
      await settle()
      expect(reusable()).toBe(false)
      expect(connection.end).toBe('closed')
    }
  })

  test('RFC 9110 §15.2: interim ones are skipped', async () => {
    const { response } = exchange('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    expect((await response).status).toBe(200)
  })

  test('RFC 9112 §6.3: to HEAD, 204 and 304 have no body, whatever they say', async () => {
    const head = exchange('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', get({ method: 'HEAD' }))
    expect(await (await head.response).text()).toBe('')
    const notModified = exchange('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n')
    expect((await notModified.response).body).toBeNull()
    await settle()
    expect([head.reusable(), notModified.reusable()]).toEqual([true, true])
  })

  test('that breaks off is an error where it does, and the connection ends', async () => {
    for (const answer of [
      'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello',
    ]) {
      const { response, connection, reusable } = exchange(answer, get(), 'end')
      const reading = (await response).text()
      await expect(reading).rejects.toThrow('the response broke off')
      await settle()
      expect([reusable(), connection.end]).toEqual([false, 'aborted'])
    }
  })

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', 'the status line is malformed'],
    ['another version', 'HTTP/2 200\r\n\r\n', 'the status line is malformed'],
    ['nothing at all', '', 'without a response'],
    ['a malformed field', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n', 'a header field is malformed'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 'Content-Length'],
    ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'switches protocols'],
    ['interim responses without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20), 'interim responses'],
    ['a head that is too long', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 'longer than'],
  ])('that is none is an error: %s', async (_, answer, message) => {
    const { response, connection } = exchange(answer, get(), 'end')
    await expect(response).rejects.toThrow(message)
    expect(connection.end).toBe('aborted')
  })

  test('whose body its user cancels ends the connection', async () => {
    const { response, connection, reusable } = exchange('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello')
    await (await response).body!.cancel()
    await settle()
    expect([reusable(), connection.end]).toEqual([false, 'aborted'])
  })
})
