// A WebSocket server just large enough for tests (RFC 6455): no extensions, no fragments, any message comes back as it was.
import { createHash } from 'node:crypto'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'

/** Answers the opening handshake (RFC 6455 §4.2.2), then echoes text and binary messages. */
export function echoServer(): Server {
  const server = createServer()
  server.on('upgrade', (request, socket: Duplex) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    let pending: Buffer = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      for (let length = echoFrame(pending, socket); length > 0; length = echoFrame(pending, socket)) {
        pending = pending.subarray(length)
      }
    })
  })
  return server
}

/** Echoes the frame (RFC 6455 §5.2) that `bytes` begins with and returns its length; 0 when it is not whole yet. */
function echoFrame(bytes: Buffer, socket: Duplex): number {
  if (bytes.length < 6) return 0
  const extended = (bytes[1]! & 127) === 126
  const at = extended ? 8 : 6
  if (bytes.length < at) return 0
  const length = extended ? bytes.readUInt16BE(2) : bytes[1]! & 127
  if (bytes.length < at + length) return 0
  const mask = bytes.subarray(at - 4, at)
  const payload = bytes.subarray(at, at + length).map((byte, i) => byte ^ mask[i & 3]!)
  const header = extended ? Buffer.of(bytes[0]!, 126, length >> 8, length & 255) : Buffer.of(bytes[0]!, length)
  socket.write(Buffer.concat([header, payload]))
  if ((bytes[0]! & 15) === 8) socket.end()
  return at + length
}
