import { MessageChannel, Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { MessagePortDevice } from '../src/index.ts'
import { packetOf, send } from './support.ts'

test('packets go to a worker thread and back', async () => {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(new URL('./echo-worker.ts', import.meta.url), {
    workerData: { port: port2 },
    transferList: [port2],
    execArgv: ['--conditions=@layerfour/source'],
  })
  const device = new MessagePortDevice(port1)
  const arrived: number[] = []
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject)
    device.attach((bytes, start, end) => {
      arrived.push(bytes[start]!)
      if (end - start !== 1400) reject(new Error(`${end - start} bytes came back`))
      if (arrived.length === 100) resolve()
    })
    for (let n = 0; n < 100; n++) send(device, packetOf(1400, n))
  })
  expect(arrived).toEqual(Array.from({ length: 100 }, (_, n) => n + 1))
  device.close()
  await worker.terminate()
})
