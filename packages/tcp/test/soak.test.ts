import { DropReason } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { TcpOptions } from '../src/index.ts'
import { State } from '../src/index.ts'
import { address, PEER, US } from './harness.ts'
import type { Impairments } from './two-tcps.ts'
import { Pair, run } from './two-tcps.ts'

describe('two TCPs over a bad network: every byte arrives, both ends close, all memory comes back', () => {
  const clean: Impairments = { loss: 0, duplicate: 0, corrupt: 0, delay: 10, jitter: 0 }
  const cases: [string, Impairments, [number, number], Partial<TcpOptions>][] = [
    ['clean', clean, [100_000, 100_000], {}],
    ['5 % loss', { ...clean, loss: 0.05 }, [60_000, 60_000], {}],
    ['30 % loss', { ...clean, loss: 0.3 }, [20_000, 20_000], {}],
    ['reordering', { ...clean, jitter: 20 }, [60_000, 60_000], {}],
    ['loss, duplication, reordering and corruption', { loss: 0.05, duplicate: 0.1, corrupt: 0.05, delay: 5, jitter: 15 }, [40_000, 40_000], {}],
    ['tiny windows', { ...clean, loss: 0.02 }, [10_000, 10_000], { receiveBuffer: 300, sendBuffer: 300 }],
    ['no options', { ...clean, loss: 0.05, jitter: 3 }, [60_000, 60_000], { timestamps: false, windowScaling: false, sack: false }],
    ['one way', { ...clean, loss: 0.05 }, [100_000, 0], {}],
    ['nothing at all', { ...clean, loss: 0.1 }, [0, 0], {}],
  ]
  for (const [title, impairments, sizes, options] of cases) {
    test(title, () => {
      for (let seed = 1; seed <= 20; seed++) run(seed, impairments, sizes, options)
    })
  }

  test('a device that is full now and then delays and loses nothing', () => {
    const pair = new Pair(1, clean, {})
    pair.networks[0].answer = DropReason.DeviceQueueFull
    const listener = pair.tcps[1].listen(address(PEER), 80, {})
    const client = pair.tcps[0].connect(address(US), 40_000, address(PEER), 80, {}, 0)
    if (typeof client === 'number' || typeof listener === 'number') throw new Error('open failed')
    pair.step()
    expect(client.info().segmentsOut).toBe(0)
    pair.networks[0].answer = DropReason.None
    for (let steps = 0; steps < 10; steps++) pair.step()
    expect(client.state).toBe(State.ESTABLISHED)
    expect(client.info().retransmissions).toBe(0)
  })
})
