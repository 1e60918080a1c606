import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pseudoRandomBytes } from './_bytes.ts'
import { checksumErrors, Namespace } from './_namespace.ts'
import { startAndWait, typescript } from './_programs.ts'

const LENGTH = 20_000_000
let namespace: Namespace
let port: number
beforeAll(async () => {
  namespace = new Namespace()
  port = (await startAndWait<{ port: number }>(namespace, typescript('fixtures/http-server.ts'))).ready.port
})
afterAll(() => namespace?.remove())

async function fetchByUs(url: string): Promise<unknown> {
  const { stdout, stderr } = await namespace.run([...typescript('fixtures/fetch.ts'), url])
  expect(stderr).toBe('')
  return JSON.parse(stdout.toString())
}

it.each(['10.9.0.1', '[fd09::1]'])("our client fetches 20 MB from the kernel's web server at %s", async (host) => {
  const expected = createHash('sha256').update(pseudoRandomBytes(LENGTH)).digest('hex')
  const answer = await fetchByUs(`http://${host}:${port}/${LENGTH}`)
  expect(answer).toMatchObject({ status: 'HTTP/1.1 200 OK', length: LENGTH, sha256: expected })
  expect(answer).not.toHaveProperty('drops.BadChecksum')
})

it("RFC 9293 §3.5.2: the kernel's reset from a closed port is ECONNREFUSED", async () => {
  expect(await fetchByUs('http://10.9.0.1:9/')).toEqual({ code: 'ECONNREFUSED', syscall: 'connect' })
})

it('the kernel found no checksum of ours bad', () => {
  const counters = namespace.counters()
  expect(checksumErrors(counters)).toEqual({})
  // It did look at ours: acknowledgments of 40 MB, one for each burst, which is 256 packets at most.
  expect(counters.get('TcpInSegs')).toBeGreaterThan(100)
})
