import type { Stack, TcpConnection } from '@layerfour/socket'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clientOf, fetchOver } from '../src/fetch-over.ts'
import { handler, pseudoRandom } from '../src/handler.ts'
import { joinHosts } from '../src/hosts.ts'
import type { HttpServer, ServeHandler, ServeOptions } from '../src/serve.ts'
import { serve } from '../src/serve.ts'
import { bytesOf } from './support.ts'

/** Bytes of the large bodies. */
const LARGE = 10_000_000
const ORIGIN = 'http://10.0.0.2'

interface Setting {
  readonly client: Stack
  readonly server: Stack
  readonly running: HttpServer
}

function set(handle: ServeHandler = handler, options: ServeOptions = {}): Setting {
  const hosts = joinHosts()
  onTestFinished(() => hosts[Symbol.dispose]())
  const { client, server } = hosts
  return { client, server, running: serve(server, { port: 80, ...options }, handle) }
}

async function sha256(response: Response): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await response.arrayBuffer()))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Ends the server, and waits until all connections are gone on both sides. */
async function end({ client, server, running }: Setting): Promise<void> {
  await clientOf(client).close()
  await running.shutdown()
  for (const stack of [client, server]) {
    await expect.poll(() => stack.accounting().protocols['tcp']).toMatchObject({ sockets: 0, bytes: 0 })
  }
}

describe('HTTP over two stacks in one process', () => {
  test('a request is answered, over IPv4 and IPv6; the server sees who asks', async () => {
    const setting = set((_, { remoteAddr }) => new Response(remoteAddr.hostname))
    expect(setting.running.addr).toEqual({ transport: 'tcp', hostname: '::', port: 80 })
    const response = await fetchOver(setting.client, `${ORIGIN}/`)
    expect([response.status, response.statusText, await response.text()]).toEqual([200, 'OK', '10.0.0.1'])
    expect(await (await fetchOver(setting.client, 'http://[fd00::2]/')).text()).toBe('fd00::1')
    await end(setting)
  })

  test('many requests at once are answered, each its own', async () => {
    const setting = set()
    const answers = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const response = await fetchOver(setting.client, `${ORIGIN}/echo`, { method: 'POST', body: `request ${i}` })
      return response.text()
    }))
    expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => `request ${i}`))
    await end(setting)
  })

  test('requests one after another share a connection', async () => {
    const ports = new Set<number>()
    const setting = set((_, { remoteAddr }) => {
      ports.add(remoteAddr.port)
      return new Response('hello')
    })
    for (let i = 0; i < 10; i++) await (await fetchOver(setting.client, `${ORIGIN}/`)).text()
    expect(ports.size).toBe(1)
    expect(clientOf(setting.client).idle).toBe(1)
    await end(setting)
  })

  test('10 MB come down whole', async () => {
    const setting = set()
    const response = await fetchOver(setting.client, `${ORIGIN}/bytes/${LARGE}`)
    expect(response.headers.get('content-length')).toBe(String(LARGE))
    expect(await sha256(response)).toBe(await sha256(new Response(pseudoRandom(LARGE))))
    await end(setting)
  })

  test('10 MB of unknown length go up and come back while they go', async () => {
    const setting = set()
    const init = { method: 'POST', body: pseudoRandom(LARGE), duplex: 'half' }
    const response = await fetchOver(setting.client, `${ORIGIN}/echo`, init)
    expect(response.headers.get('transfer-encoding')).toBe('chunked')
    expect(await sha256(response)).toBe(await sha256(new Response(pseudoRandom(LARGE))))
    await end(setting)
  })
})

describe('the end of a server', () => {
  test('shutdown lets the request under way come to its end, and ends idle connections', async () => {
    let arrived!: () => void
    let release!: () => void
    const arrival = new Promise<void>((resolve) => { arrived = resolve })
    const released = new Promise<void>((resolve) => { release = resolve })
    const setting = set(async ({ url }) => {
      if (url.endsWith('/slow')) {
        arrived()
        await released
      }
      return new Response('done')
    })
    const { client, running } = setting
    const slow = fetchOver(client, `${ORIGIN}/slow`)
    await (await fetchOver(client, `${ORIGIN}/`)).text()
    await arrival
    const shutdown = running.shutdown()
    release()
    expect(await (await slow).text()).toBe('done')
    await shutdown
    await running.finished
    const refused = fetchOver(client, `${ORIGIN}/`)
    await expect(refused).rejects.toThrow(TypeError)
    await expect(refused).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    await end(setting)
  })

  test('its signal ends it at once: who waits for an answer gets an error', async () => {
    const controller = new AbortController()
    const setting = set(() => {
      controller.abort()
      return new Promise<Response>(() => undefined)
    }, { signal: controller.signal })
    await expect(fetchOver(setting.client, `${ORIGIN}/`)).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'ECONNRESET' } })
  })

  test('a kept connection that the server has closed meanwhile is not what a request fails of', async () => {
    const setting = set(() => new Response('first'))
    await (await fetchOver(setting.client, `${ORIGIN}/`)).text()
    await setting.running.shutdown()
    const again = serve(setting.server, { port: 80, hostname: '10.0.0.2' }, () => new Response('second'))
    expect(await (await fetchOver(setting.client, `${ORIGIN}/`)).text()).toBe('second')
    await end({ ...setting, running: again })
  })
})

test('RFC 9112 §9.3.1: a server closes a kept connection when a request is on its way: what may be done twice is done again', async () => {
  const { client, server } = set()
  const listener = server.listen({ port: 8080 })
  const answer = bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')
  let connections = 0
  const serveOnce = async (connection: TcpConnection): Promise<void> => {
    connections++
    const buffer = new Uint8Array(4096)
    await connection.read(buffer)
    await connection.write(answer)
    await connection.read(buffer)
    connection.abort()
  }
  void (async () => {
    for await (const connection of listener) void serveOnce(connection)
  })()
  const get = async (init: RequestInit): Promise<string> => (await fetchOver(client, `${ORIGIN}:8080/`, init)).text()
  expect(await get({})).toBe('hello')
  expect(await get({})).toBe('hello')
  expect(connections).toBe(2)
  await expect(get({ method: 'POST', body: 'x' })).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
  expect(connections).toBe(2)
  expect(await get({ method: 'PUT', body: 'x' })).toBe('hello')
  listener.close()
})

describe('an AbortSignal', () => {
  test('that aborted before: nothing is sent', async () => {
    const setting = set()
    const reason = new Error('changed my mind')
    await expect(fetchOver(setting.client, `${ORIGIN}/`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(setting.client.netstat()).toEqual([])
    await end(setting)
  })

  test('while connecting, to a host that does not answer', async () => {
    const setting = set()
    const controller = new AbortController()
    const fetching = fetchOver(setting.client, 'http://10.0.0.2:81/', { signal: controller.signal })
    controller.abort()
    await expect(fetching).rejects.toMatchObject({ name: 'AbortError' })
    await end(setting)
  })

  test('while the server thinks: the server hears of it', async () => {
    const controller = new AbortController()
    let heard!: Promise<void>
    const setting = set(({ signal }) => {
      heard = new Promise((resolve) => { signal.addEventListener('abort', () => resolve()) })
      controller.abort()
      return new Promise<Response>(() => undefined)
    })
    await expect(fetchOver(setting.client, `${ORIGIN}/`, { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' })
    await heard
  })

  test('in the middle of a body: reading it fails with the reason', async () => {
    const setting = set()
    const controller = new AbortController()
    const response = await fetchOver(setting.client, `${ORIGIN}/bytes/100000000`, { signal: controller.signal })
    const reader = response.body!.getReader()
    await reader.read()
    controller.abort()
    const rest = (async () => {
      while (!(await reader.read()).done);
    })()
    await expect(rest).rejects.toMatchObject({ name: 'AbortError' })
    await end(setting)
  })

  test('after the end changes nothing', async () => {
    const setting = set()
    const controller = new AbortController()
    const response = await fetchOver(setting.client, `${ORIGIN}/bytes/10`, { signal: controller.signal })
    expect((await response.arrayBuffer()).byteLength).toBe(10)
    controller.abort()
    expect((await fetchOver(setting.client, `${ORIGIN}/bytes/20`)).status).toBe(200)
  })
})

test('connections beyond the server\'s limit wait for their turn', async () => {
  let under = 0
  let most = 0
  const setting = set(async () => {
    most = Math.max(most, ++under)
    await new Promise((resolve) => { setTimeout(resolve, 1) })
    under--
    return new Response('done', { headers: { connection: 'close' } })
  }, { maxConnections: 3 })
  const answers = await Promise.all(Array.from({ length: 20 }, async () => (await fetchOver(setting.client, `${ORIGIN}/`)).text()))
  expect(answers).toEqual(Array.from({ length: 20 }, () => 'done'))
  expect(most).toBe(3)
  await end(setting)
})

test('what is no http: URL is refused', async () => {
  const { client } = set()
  await expect(fetchOver(client, 'https://10.0.0.2/')).rejects.toThrow('expected an http: one')
  await expect(fetchOver(client, 'nonsense')).rejects.toThrow(TypeError)
})
