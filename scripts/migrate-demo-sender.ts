/**
 * The kernel's side of `npm run demo:migrate`: `migrate-demo-sender.ts LENGTH` sends so many pseudo-random bytes to whoever connects.
 * Prints its port as JSON, and at the end of each connection its peer, the SHA-256 of what was sent, and how it ended.
 */
import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import process from 'node:process'
import { pseudoRandomBytes } from '../tests/kernel/_bytes.ts'

const bytes = pseudoRandomBytes(Number(process.argv[2]))
const sha256 = createHash('sha256').update(bytes).digest('hex')

const server = createServer((socket) => {
  let error: string | null = null
  socket.on('error', (reason: NodeJS.ErrnoException) => { error = reason.code ?? reason.message })
  socket.on('close', () => {
    console.log(JSON.stringify({ peer, sha256, error }))
  })
  const peer = `${socket.remoteAddress}:${socket.remotePort}`
  socket.resume()
  socket.end(bytes)
})
server.listen(0, '10.9.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })))
