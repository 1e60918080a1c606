import { afterEach, expect, test } from 'vitest'
import { MessagePortDevice } from '../src/index.ts'
import { collect, packetOf, send } from './support.ts'

const opened: MessagePortDevice[] = []

/** Two devices on the two ports of a channel. */
function channel(options: ConstructorParameters<typeof MessagePortDevice>[1] = {}): [MessagePortDevice, MessagePortDevice] {
  const { port1, port2 } = new MessageChannel()
  const devices: [MessagePortDevice, MessagePortDevice] = [
    new MessagePortDevice(port1, options),
    new MessagePortDevice(port2, options),
  ]
  opened.push(...devices)
  return devices
}

// Open ports would keep the process alive.
afterEach(() => {
  for (const device of opened.splice(0)) device.close()
})

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0)
  })
}

/** Lets messages arrive until `done` holds. */
async function until(done: () => boolean): Promise<void> {
  for (let turns = 0; !done(); turns++) {
    if (turns === 1000) throw new Error('the messages did not arrive')
    await turn()
  }
}

test('packets cross the channel in order, both ways', async () => {
  const [a, b] = channel()
  const atA = collect(a)
  const atB = collect(b)
  send(a, packetOf(3, 1))
  a.transmit(packetOf(100), 50, 52)
  send(b, packetOf(4, 7))
  await until(() => atB.length === 2 && atA.length === 1)
  expect(atB).toEqual([packetOf(3, 1), Uint8Array.of(50, 51)])
  expect(atA).toEqual([packetOf(4, 7)])
  expect(a.counters).toMatchObject({ packetsOut: 2, bytesOut: 5, packetsIn: 1, bytesIn: 4 })
})

test('the message is a copy: the caller may reuse its bytes at once, and keeps its buffer', async () => {
  const [a, b] = channel()
  const atB = collect(b)
  const scratch = packetOf(4, 1)
  send(a, scratch)
  scratch.fill(0)
  await until(() => atB.length === 1)
  expect(atB).toEqual([packetOf(4, 1)])
  expect(scratch.length).toBe(4)
})

test('packets are refused while the high-water mark is in flight, and taken again when the other side has them', async () => {
  const [a, b] = channel({ highWater: 65_536 })
  const atB = collect(b)
  let taken = 0
  while (send(a, packetOf(1500))) taken++
  expect(taken).toBe(Math.ceil(65_536 / 1500))
  expect(a.counters.refused).toBe(1)
  // What is never reported is less than one report's worth.
  await until(() => atB.length === taken && a.inFlight < 16_384)
  expect(send(a, packetOf(1500))).toBe(true)
})

test('a long transfer never stalls: reports keep it going past many high-water marks', async () => {
  const [a, b] = channel({ highWater: 65_536 })
  let received = 0
  b.attach((_bytes, start, end) => {
    received += end - start
  })
  const packet = packetOf(1499)
  await until(() => {
    while (a.counters.packetsOut < 1000 && send(a, packet));
    return a.counters.packetsOut === 1000
  })
  await until(() => received === 1000 * 1499)
  expect(a.counters.refused).toBeGreaterThan(0)
})

test('highWater Infinity never refuses and sends no reports', async () => {
  const { port1, port2 } = new MessageChannel()
  const device = new MessagePortDevice(port1, { highWater: Infinity })
  opened.push(device)
  const messages: unknown[] = []
  port2.addEventListener('message', (event) => messages.push(event.data))
  port2.start()
  for (let n = 0; n < 100; n++) expect(send(device, packetOf(1500))).toBe(true)
  const inbox = collect(device)
  for (let n = 0; n < 20; n++) port2.postMessage(packetOf(1500))
  port2.postMessage(packetOf(1))
  await until(() => inbox.length === 21 && messages.length >= 100)
  send(device, packetOf(2))
  await until(() => messages.length >= 101)
  expect(messages.length).toBe(101)
  expect(messages.every((message) => message instanceof ArrayBuffer)).toBe(true)
  port2.close()
})

test('messages that are no packets, and reports that cannot be true, are dropped and counted', async () => {
  const { port1, port2 } = new MessageChannel()
  const device = new MessagePortDevice(port1, { mtu: 1000 })
  opened.push(device)
  const inbox = collect(device)
  send(device, packetOf(100))
  for (const message of ['text', { length: 3 }, null, NaN, -1, 0, 101, Infinity]) port2.postMessage(message)
  port2.postMessage(new ArrayBuffer(0))
  port2.postMessage(new ArrayBuffer(1001))
  port2.postMessage(60)
  port2.postMessage(50)
  port2.postMessage(packetOf(7))
  await until(() => inbox.length === 1)
  expect(inbox).toEqual([packetOf(7)])
  expect(device.counters).toMatchObject({ notBinary: 9, tooShort: 1, tooLong: 1, packetsIn: 1 })
  expect(device.inFlight).toBe(40)
  port2.close()
})

test('a closed device takes and drops packets; closing again does nothing', async () => {
  const [a, b] = channel()
  const atA = collect(a)
  send(b, packetOf(1))
  a.close()
  a.close()
  expect(send(a, packetOf(1))).toBe(true)
  await turn()
  expect(atA).toEqual([])
  expect(a.counters).toMatchObject({ afterClose: 1, packetsOut: 0 })
})

test('wrong options throw, saying what was got and what was expected', () => {
  const { port1, port2 } = new MessageChannel()
  expect(() => new MessagePortDevice(port1, { highWater: 1000 }))
    .toThrow('highWater is 1000, expected at least 65536 bytes, or Infinity')
  expect(() => new MessagePortDevice(port1, { medium: 'ethernet' })).toThrow('hardwareAddress is undefined')
  port1.close()
  port2.close()
})
