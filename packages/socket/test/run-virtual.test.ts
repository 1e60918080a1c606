import { Simulation } from '@layerfour/sim'
import { expect, test } from 'vitest'
import { runVirtual, VirtualTimers } from '../src/index.ts'
import { fate } from './support/channels.ts'
import { Hosts, pattern, StreamHash } from './support/hosts.ts'

function timers(): { simulation: Simulation, timers: VirtualTimers } {
  const simulation = new Simulation()
  return { simulation, timers: simulation.add(new VirtualTimers(() => simulation.now)) }
}

test('what awaits a promise goes on at the virtual time at which it settled', async () => {
  const hosts = new Hosts({ link: { delay: 7 } })
  const times: number[] = []
  await hosts.run(async () => {
    const server = hosts.server.datagram({ port: 7 })
    const client = hosts.client.datagram()
    // Something else is due all the time.
    const ticking = (async () => {
      for (let i = 0; i < 200; i++) await hosts.sleep(0.5)
    })()
    for (let round = 0; round < 3; round++) {
      await client.send(pattern(1), { hostname: '10.0.0.2', port: 7 })
      const { remoteAddress } = await server.receive()
      times.push(hosts.now)
      await server.send(pattern(1), remoteAddress)
      await client.receive()
      times.push(hosts.now)
    }
    await ticking
  })
  expect(times).toEqual([7, 14, 21, 28, 35, 42])
})

test('it returns what the promise resolves with and rejects as it does', async () => {
  const one = timers()
  expect(await runVirtual(one.simulation, [one.timers], { until: one.timers.sleep(5).then(() => 'done') })).toBe('done')
  const two = timers()
  const failing = two.timers.sleep(5).then(() => { throw new RangeError('no') })
  expect(await fate(runVirtual(two.simulation, [two.timers], { until: failing }))).toBe('RangeError: no')
})

test('without a promise it runs until nothing is due', async () => {
  const { simulation, timers: t } = timers()
  const late = t.sleep(1e6)
  await runVirtual(simulation, [t])
  await late
  expect(simulation.now).toBe(1e6)
})

test('a limit of virtual time', async () => {
  const { simulation, timers: t } = timers()
  const until = t.sleep(101)
  expect(await fate(runVirtual(simulation, [t], { until, limit: 100 }))).toBe('Error: virtual time would pass its limit of 100 ms')
  await runVirtual(simulation, [t], { until, limit: 101 })
})

test('a promise that nothing can settle any more is an error, not a hang', async () => {
  const { simulation, timers: t } = timers()
  expect(await fate(runVirtual(simulation, [t], { until: new Promise(() => undefined), patience: 20 })))
    .toMatch(/^Error: virtual time stands still/)
})

test('code that waits for the host is waited for', async () => {
  const { simulation, timers: t } = timers()
  const work = async (): Promise<number> => {
    await t.sleep(5)
    await new Promise((resolve) => setTimeout(resolve, 30))
    await t.sleep(5)
    return simulation.now
  }
  expect(await runVirtual(simulation, [t], { until: work(), patience: 10_000 })).toBe(10)
})

test('what a step throws ends the run', async () => {
  const simulation = new Simulation()
  simulation.add({ deadline: 1, poll: () => { throw new Error('broken part') } })
  expect(await fate(runVirtual(simulation, [], { until: new Promise(() => undefined) }))).toBe('Error: broken part')
})

test('timers: by time, then in the order of the calls; a signal ends one', async () => {
  const { simulation, timers: t } = timers()
  const order: string[] = []
  const abort = new AbortController()
  const note = (ms: number, name: string, signal?: AbortSignal): Promise<unknown> =>
    t.sleep(ms, signal === undefined ? {} : { signal }).then(() => order.push(`${name}@${simulation.now}`), (reason) => order.push(`${name} ${reason}`))
  const all = Promise.all([note(20, 'a'), note(10, 'b'), note(20, 'c'), note(15, 'd', abort.signal), note(0, 'e')])
  abort.abort('aborted')
  await runVirtual(simulation, [t], { until: all })
  expect(order).toEqual(['d aborted', 'e@0', 'b@10', 'a@20', 'c@20'])
  expect(await fate(t.sleep(1, { signal: AbortSignal.abort('early') }))).toBe('early')
  expect(() => t.sleep(-1)).toThrow(RangeError)
  expect(t.deadline).toBe(Infinity)
})

/** Both directions of a few connections over a bad link; the digest of every packet and its time. */
async function trace(seed: number): Promise<string> {
  const hash = new StreamHash()
  const times = new Float64Array(1)
  const timeBytes = new Uint8Array(times.buffer)
  const observer = {
    packetOut(_index: number, bytes: Uint8Array, start: number, end: number, now: number): void {
      times[0] = now
      hash.update(timeBytes).update(bytes.subarray(start, end))
    },
  }
  const hosts = new Hosts({
    link: { rate: 20e6, delay: 15, jitter: 3, loss: 0.02, duplicate: 0.01, reorder: 0.02, corrupt: 0.005, seed },
    client: { observer },
    server: { observer },
  })
  await hosts.run(async () => {
    const listener = hosts.server.listen({ port: 80 })
    const serving = (async () => {
      for await (const connection of listener) connection.readable.pipeTo(connection.writable).catch(() => undefined)
    })()
    await Promise.all([1, 2, 3].map(async (n) => {
      const client = await hosts.client.connect({ hostname: n === 2 ? 'fd00::2' : '10.0.0.2', port: 80 })
      const writer = client.writable.getWriter()
      const writing = (async () => {
        for (let i = 0; i < 10; i++) await writer.write(pattern(7000 * n, n))
        await writer.close()
      })()
      let count = 0
      for await (const chunk of client.readable) count += chunk.length
      expect(count).toBe(70_000 * n)
      await writing
    }))
    listener.close()
    await serving
  })
  return hash.digest
}

test('the same seed gives the same packets at the same times, another seed others', async () => {
  const first = await trace(1)
  expect(await trace(1)).toBe(first)
  expect(await trace(2)).not.toBe(first)
})
