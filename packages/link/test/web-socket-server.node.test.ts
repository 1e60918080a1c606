import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocketDevice } from '../src/index.ts'
import { collect, packetOf, send } from './support.ts'
import { echoServer } from './web-socket-server.ts'

test('packets go over a real WebSocket and back, and text is dropped', async () => {
  const server = echoServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const device = new WebSocketDevice(socket)
  const inbox = collect(device)
  expect(send(device, packetOf(1))).toBe(false)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  socket.send('text')
  const packets = [1, 100, 125, 126, 1500].map((length) => packetOf(length, length))
  for (const packet of packets) expect(send(device, packet)).toBe(true)
  await new Promise<void>((resolve) => {
    socket.addEventListener('message', () => {
      if (inbox.length === packets.length) resolve()
    })
  })
  expect(inbox).toEqual(packets)
  expect(device.counters).toMatchObject({ packetsOut: 5, packetsIn: 5, notBinary: 1, refused: 1 })
  device.close()
  await new Promise((resolve) => {
    server.close(resolve)
  })
})
