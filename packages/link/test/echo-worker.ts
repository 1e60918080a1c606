// Runs in a worker thread: sends every packet back with its first byte raised by one.
import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { MessagePortDevice } from '../src/index.ts'

const device = new MessagePortDevice((workerData as { port: MessagePort }).port)
const reply = new Uint8Array(1500)
device.attach((bytes, start, end) => {
  reply.set(bytes.subarray(start, end))
  reply[0]!++
  device.transmit(reply, 0, end - start)
})
