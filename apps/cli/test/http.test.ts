import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { Prng } from '@layerfour/sim'
import type { HttpRequest } from '../src/host/http/request.ts'
import { parseRequest } from '../src/host/http/request.ts'
import { httpService } from '../src/host/http/server.ts'
import { PseudoRandomBody } from '../src/host/pseudo-random-body.ts'
import { routes } from '../src/host/routes.ts'
import { collectStats } from '../src/host/stats.ts'
import { Hosts } from './_hosts.ts'

const lines = (...parts: string[]): string => parts.join('\r\n')

describe('RFC 9112: a request', () => {
  it.each<[string, string, HttpRequest | number]>([
    ['plain', lines('GET / HTTP/1.1', 'Host: a'), { method: 'GET', path: '/', keepAlive: true }],
    ['HEAD', lines('HEAD /x HTTP/1.1', 'host:a'), { method: 'HEAD', path: '/x', keepAlive: true }],
    ['the query does not belong to the path', lines('GET /a?b=/c HTTP/1.1', 'Host: a'), { method: 'GET', path: '/a', keepAlive: true }],
    ['§9.6: Connection: close', lines('GET / HTTP/1.1', 'Host: a', 'Connection: x, Close'), { method: 'GET', path: '/', keepAlive: false }],
    ['§9.3: HTTP/1.0 closes', 'GET / HTTP/1.0', { method: 'GET', path: '/', keepAlive: false }],
    ['§9.3: HTTP/1.0 with keep-alive', lines('GET / HTTP/1.0', 'Connection: keep-alive'), { method: 'GET', path: '/', keepAlive: true }],
    ['§3.2.2: absolute form', lines('GET http://a:80/b HTTP/1.1', 'Host: a'), { method: 'GET', path: '/b', keepAlive: true }],
    ['§3.2.2: absolute form without a path', lines('GET http://a HTTP/1.1', 'Host: a'), { method: 'GET', path: '/', keepAlive: true }],
    ['§6.3: a body of no bytes', lines('GET / HTTP/1.1', 'Host: a', 'Content-Length: 0'), { method: 'GET', path: '/', keepAlive: true }],
    ['§3.2: HTTP/1.1 without Host', 'GET / HTTP/1.1', 400],
    ['§3.2: two of them', lines('GET / HTTP/1.1', 'Host: a', 'Host: b'), 400],
    ['§5.1: a space before the colon', lines('GET / HTTP/1.1', 'Host: a', 'X : b'), 400],
    ['§5.2: a folded line', lines('GET / HTTP/1.1', 'Host: a', ' b: c'), 400],
    ['a body', lines('GET / HTTP/1.1', 'Host: a', 'Content-Length: 5'), 400],
    ['a chunked body', lines('GET / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'), 400],
    ['another method', lines('POST / HTTP/1.1', 'Host: a'), 405],
    ['another version', lines('GET / HTTP/2.0', 'Host: a'), 505],
    ['no path', lines('GET foo HTTP/1.1', 'Host: a'), 400],
    ['no request at all', 'hello', 400],
    ['nothing', '', 400],
  ])('%s', (_, head, expected) => expect(parseRequest(head)).toEqual(expected))
})

describe('the web server', () => {
  let hosts: Hosts
  beforeEach(() => {
    hosts = new Hosts()
    const description = { name: 'l4', addresses: ['10.0.0.2/24'], mtu: 1500, interfaceIndex: 1 }
    hosts.start(80, httpService(routes(() => collectStats(hosts.server, description, 0))))
  })

  const ask = (...requests: string[]): Promise<string> => hosts.run(hosts.talk(80, requests.join('')))
  const get = (path: string, ...fields: string[]): string => lines(`GET ${path} HTTP/1.1`, 'Host: l4', ...fields, '', '')

  it('/ is the page', async () => {
    const answer = await ask(get('/'))
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\nDate: .* GMT\r\n/)
    expect(answer).toContain('\r\nContent-Type: text/html; charset=utf-8\r\n')
    expect(answer).toMatch(/<!doctype html>[^]*<\/html>\n$/)
    const [head, body] = answer.split('\r\n\r\n')
    expect(Number(/Content-Length: (\d+)/.exec(head!)![1])).toBe(new TextEncoder().encode(body).length)
  })

  it('/stats has the sockets, the asking one among them', async () => {
    const answer = await ask(get('/stats'))
    const stats = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as ReturnType<typeof collectStats>
    expect(stats).toMatchObject({ name: 'l4', addresses: ['10.0.0.2/24'], mtu: 1500, drops: {} })
    expect(stats.traffic.packetsIn).toBeGreaterThan(1)
    expect(stats.sockets).toContainEqual(expect.objectContaining({ state: 'LISTEN', local: { hostname: '::', port: 80 } }))
    expect(stats.sockets).toContainEqual(expect.objectContaining({
      protocol: 'tcp', local: { hostname: '10.0.0.2', port: 80 }, cwnd: expect.any(Number) as number,
    }))
  })

  it('/bytes/N is N bytes, always the same ones', async () => {
    const body = new Uint8Array(100_001)
    new PseudoRandomBody(body.length).fill(body)
    const digests = await hosts.run((async () => {
      const connection = await hosts.client.connect({ hostname: '10.0.0.2', port: 80 })
      await connection.write(new TextEncoder().encode(get(`/bytes/${body.length}`, 'Connection: close')))
      const digest = createHash('sha256')
      const buffer = new Uint8Array(65_536)
      let head = ''
      for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
        const text = String.fromCharCode(...buffer.subarray(0, count))
        const end = head === '' ? text.indexOf('\r\n\r\n') + 4 : 0
        if (head === '') head = text.slice(0, end)
        digest.update(buffer.subarray(end, count))
      }
      await connection.close()
      return [head.includes('Content-Length: 100001\r\n'), digest.digest('hex')]
    })())
    expect(digests).toEqual([true, createHash('sha256').update(body).digest('hex')])
  })

  it('RFC 9110 §9.3.2: HEAD is GET without the body', async () => {
    const answer = await ask(lines('HEAD /bytes/999999999999 HTTP/1.1', 'Host: l4', '', ''))
    expect(answer).toContain('\r\nContent-Length: 999999999999\r\n')
    expect(answer.endsWith('\r\n\r\n')).toBe(true)
  })

  it('what is not there is 404, what is too large for /bytes/ too', async () => {
    const answer = await ask(get('/nothing'), get('/bytes/1000000000000000'))
    expect(answer.match(/HTTP\/1\.1 404 Not Found\r\n/g)).toHaveLength(2)
  })

  it('RFC 9112 §9.3.2: pipelined requests are answered in order', async () => {
    const answer = await ask(get('/bytes/1'), '\r\n', get('/bytes/2'), get('/nothing'))
    expect(answer.match(/HTTP\/1\.1 \d+|Content-Length: \d+/g)).toEqual([
      'HTTP/1.1 200', 'Content-Length: 1', 'HTTP/1.1 200', 'Content-Length: 2', 'HTTP/1.1 404', 'Content-Length: 14',
    ])
  })

  it('RFC 9112 §9.6: after Connection: close the server ends, and answers nothing more', async () => {
    const answer = await hosts.run(hosts.talk(80, get('/bytes/1', 'Connection: close') + get('/bytes/2'), { end: false }))
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200'])
    expect(answer).toContain('\r\nConnection: close\r\n')
  })

  it('a request that is none is answered and the connection ends', async () => {
    const answer = await hosts.run(hosts.talk(80, 'hello\r\n\r\n', { end: false }))
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  it('RFC 6585 §5: a head without end is 431', async () => {
    const answer = await hosts.run(hosts.talk(80, `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`, { end: false }))
    expect(answer).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
  })

  it('RFC 9110 §15.5.6: 405 says which methods there are', async () => {
    expect(await ask(lines('DELETE / HTTP/1.1', 'Host: l4', '', ''))).toContain('\r\nAllow: GET, HEAD\r\n')
  })

  it('connections that break are no faults of ours', async () => {
    await hosts.run((async () => {
      const connection = await hosts.client.connect({ hostname: '10.0.0.2', port: 80 })
      await connection.write(new TextEncoder().encode(get('/bytes/100000000')))
      await connection.read(new Uint8Array(10))
      connection.abort()
      await hosts.talk(80, get('/bytes/1'))
    })())
    expect(hosts.faults).toEqual([])
  })
})

describe('the body of /bytes/N', () => {
  it('is xoshiro128** seeded with 0, as little-endian words, however it is cut', () => {
    const random = new Prng(0)
    const expected = new Uint8Array(Uint32Array.from({ length: 25 }, () => random.next()).buffer)
    const body = new PseudoRandomBody(100)
    const got = [1, 2, 3, 5, 89].flatMap((length) => {
      const part = new Uint8Array(length)
      body.fill(part)
      return [...part]
    })
    expect(got).toEqual([...expected])
  })
})
