import { clientOf, fetchOver } from './fetch-over.ts'
import { handler, pseudoRandom } from './handler.ts'
import { joinHosts } from './hosts.ts'
import { serve } from './serve.ts'

/** Bytes of the upload and the download. */
const BODY = 10_000_000

const digest = async (body: Response): Promise<string> => {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await body.arrayBuffer()))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const timed = async (what: string, work: () => Promise<string>): Promise<void> => {
  const start = performance.now()
  const result = await work()
  const ms = performance.now() - start
  console.log(`${what.padEnd(24)}${result}  (${ms.toFixed(0)} ms)`)
}

using hosts = joinHosts()
const { client, server } = hosts
const running = serve(server, { port: 80 }, handler)
console.log(`serving on port ${running.addr.port} of 10.0.0.2 and fd00::2, which exist in this process alone\n`)

await timed('GET /', async () => (await (await fetchOver(client, 'http://10.0.0.2/')).text()).trimEnd())
await timed('GET / over IPv6', async () => (await (await fetchOver(client, 'http://[fd00::2]/')).text()).trimEnd())

await timed('100 requests at once', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
    const response = await fetchOver(client, 'http://10.0.0.2/echo', { method: 'POST', body: `request ${i}` })
    return await response.text() === `request ${i}`
  }))
  return `${answers.filter(Boolean).length} answered rightly on ${clientOf(client).idle} kept connections`
})

const expected = await digest(new Response(pseudoRandom(BODY)))
await timed('GET 10 MB', async () => {
  const actual = await digest(await fetchOver(client, `http://10.0.0.2/bytes/${BODY}`))
  return `SHA-256 ${actual.slice(0, 16)}… ${actual === expected ? 'as sent' : `, expected ${expected}`}`
})
await timed('POST 10 MB, echoed', async () => {
  const init = { method: 'POST', body: pseudoRandom(BODY), duplex: 'half' }
  const actual = await digest(await fetchOver(client, 'http://10.0.0.2/echo', init))
  return `SHA-256 ${actual.slice(0, 16)}… ${actual === expected ? 'as sent' : `, expected ${expected}`}`
})

await timed('abort a download', async () => {
  const response = await fetchOver(client, 'http://10.0.0.2/bytes/100000000', { signal: AbortSignal.timeout(20) })
  return response.arrayBuffer().then(() => 'came through', (error: Error) => error.name)
})

await running.shutdown()
await timed('GET / after shutdown', () => fetchOver(client, 'http://10.0.0.2/').then(
  () => 'answered', (error: Error) => (error.cause as Error).message,
))
await clientOf(client).close()
