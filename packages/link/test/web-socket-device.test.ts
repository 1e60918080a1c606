import { expect, test } from 'vitest'
import type { WebSocketLike } from '../src/index.ts'
import { WebSocketDevice } from '../src/index.ts'
import { FakeWebSocket } from './fake-web-socket.ts'
import { collect, packetOf, send } from './support.ts'

function openDevice(options: ConstructorParameters<typeof WebSocketDevice>[1] = {}) {
  const socket = new FakeWebSocket()
  const device = new WebSocketDevice(socket, options)
  socket.open()
  return { socket, device, inbox: collect(device) }
}

test('the standard WebSocket is one that the carrier takes', () => {
  const takes = (socket: WebSocket): WebSocketLike => socket
  expect(takes).toBeTypeOf('function')
})

test('one packet is one binary message', () => {
  const { socket, device, inbox } = openDevice()
  expect(socket.binaryType).toBe('arraybuffer')
  expect(device.transmit(packetOf(100), 10, 14)).toBe(true)
  expect(socket.sent).toEqual([Uint8Array.of(10, 11, 12, 13)])
  socket.emit('message', Uint8Array.of(5, 6).buffer)
  expect(inbox).toEqual([Uint8Array.of(5, 6)])
  expect(device.counters).toMatchObject({ packetsOut: 1, bytesOut: 4, packetsIn: 1, bytesIn: 2 })
})

test('the message is a copy: the caller may reuse its bytes at once', () => {
  const { socket, device } = openDevice()
  const scratch = packetOf(4, 1)
  send(device, scratch)
  scratch.fill(0)
  expect(socket.sent).toEqual([packetOf(4, 1)])
})

test('a packet in a Node Buffer or a DataView is taken too', () => {
  const { socket, inbox } = openDevice()
  const whole = packetOf(10)
  socket.emit('message', whole.subarray(2, 4))
  socket.emit('message', new DataView(whole.buffer, 5, 2))
  expect(inbox).toEqual([Uint8Array.of(2, 3), Uint8Array.of(5, 6)])
})

test('packets are refused until the socket is open', () => {
  const socket = new FakeWebSocket()
  const device = new WebSocketDevice(socket)
  expect(send(device, packetOf(1))).toBe(false)
  expect(device.counters.refused).toBe(1)
  socket.open()
  expect(send(device, packetOf(1))).toBe(true)
})

test('packets are refused while bufferedAmount is at the high-water mark, and taken again below it', () => {
  const { socket, device } = openDevice({ highWater: 3000 })
  expect([1, 2, 3].map(() => send(device, packetOf(1500)))).toEqual([true, true, false])
  socket.bufferedAmount = 2999
  expect(send(device, packetOf(1500))).toBe(true)
  expect(device.counters).toMatchObject({ packetsOut: 3, refused: 1 })
})

test('text, empty and oversize messages are dropped and counted, one cause each', () => {
  const { socket, device, inbox } = openDevice({ mtu: 1000 })
  socket.emit('message', 'hello')
  socket.emit('message', undefined)
  socket.emit('message', { size: 3 })
  socket.emit('message', new ArrayBuffer(0))
  socket.emit('message', new ArrayBuffer(1001))
  expect(inbox).toEqual([])
  expect(device.counters).toMatchObject({ notBinary: 3, tooShort: 1, tooLong: 1, packetsIn: 0 })
  socket.emit('message', new ArrayBuffer(1000))
  expect(inbox.length).toBe(1)
})

test('an oversize packet is not sent', () => {
  const { socket, device } = openDevice({ mtu: 1000 })
  expect(send(device, packetOf(1001))).toBe(true)
  expect(socket.sent).toEqual([])
  expect(device.counters.tooLong).toBe(1)
})

test('close closes the socket once, stops listening and drops what comes later', () => {
  const { socket, device, inbox } = openDevice()
  device.close()
  device.close()
  expect(socket.closeCalls).toBe(1)
  expect(socket.listenerCount('message') + socket.listenerCount('close')).toBe(0)
  socket.emit('message', new ArrayBuffer(1))
  expect(send(device, packetOf(1))).toBe(true)
  expect(inbox).toEqual([])
  expect(socket.sent).toEqual([])
})

test('when the other side closes, the device is closed and takes no more packets', () => {
  const { socket, device } = openDevice()
  socket.readyState = 2
  expect(send(device, packetOf(1))).toBe(true)
  socket.readyState = 3
  socket.emit('close')
  expect(device.closed).toBe(true)
  expect(send(device, packetOf(1))).toBe(true)
  expect(socket.sent).toEqual([])
  expect(device.counters.afterClose).toBe(2)
})

test('an error event always has a listener: libraries on Node\'s EventEmitter throw it otherwise', () => {
  const { socket, device } = openDevice()
  expect(socket.listenerCount('error')).toBe(1)
  device.close()
  expect(socket.listenerCount('error')).toBe(1)
  socket.emit('error')
})

test('Ethernet over a WebSocket needs a hardware address', () => {
  expect(() => new WebSocketDevice(new FakeWebSocket(), { medium: 'ethernet' })).toThrow('hardwareAddress is undefined')
  const hardwareAddress = Uint8Array.of(2, 0, 0, 0, 0, 9)
  expect(openDevice({ medium: 'ethernet', hardwareAddress }).device.hardwareAddress).toEqual(hardwareAddress)
  expect(() => new WebSocketDevice(new FakeWebSocket(), { highWater: 0 })).toThrow('highWater is 0, expected more than 0 bytes')
})
