import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type * as harness from './harness.ts'
import type { Script, TestSegment } from './harness.ts'

/*
 * Header prediction is a shortcut past checks that would have passed: with and without it, the same segments have the same
 * outcome, in every byte that is sent and in all of the connection's state.
 */

const PREDICTION = '../src/header-prediction.ts'
let predicted = 0
let plain: typeof harness
let predicting: typeof harness

beforeAll(async () => {
  const { isPredicted } = await import('../src/header-prediction.ts')
  vi.doMock(PREDICTION, () => ({ isPredicted: () => false }))
  vi.resetModules()
  plain = await import('./harness.ts')
  vi.doMock(PREDICTION, () => ({
    isPredicted: (...given: Parameters<typeof isPredicted>) => {
      const result = isPredicted(...given)
      if (result) predicted++
      return result
    },
  }))
  vi.resetModules()
  predicting = await import('./harness.ts')
})

afterAll(() => {
  vi.doUnmock(PREDICTION)
  vi.resetModules()
})

/** Of the peer's timestamps: 0, which a missing one would be taken for, is newer. */
const CLOCK = 2 ** 32 - 20_000
/** Windows that are often full. */
const SMALL = { initialBuffer: 4096, receiveBuffer: 4096, sendBuffer: 4096 }

/** A peer that mostly sends what is expected next, and now and then anything that the checks are there for. */
function arriving(script: Script, draw: (below: number) => number, timestamps: boolean): TestSegment {
  const { rcv, snd } = script.connection.tcb
  const odd = draw(12)
  const segment: TestSegment = {
    flags: draw(2) === 0 ? 'A' : 'PA',
    seq: rcv.nxt >>> 0,
    ack: (snd.una + draw(((snd.max - snd.una) | 0) + 1)) >>> 0,
    text: draw(3) === 0 ? 0 : draw(300),
    window: draw(4) === 0 ? draw(3000) : 3000,
  }
  const value = CLOCK + Math.floor(script.now)
  if (timestamps) segment.timestamps = [value, 1]
  switch (odd) {
    case 0: segment.seq = (rcv.nxt + 1 + draw(600)) >>> 0; break
    case 1: segment.seq = (rcv.nxt - 1 - draw(600)) >>> 0; break
    case 2: segment.ack = (snd.una - 1 - draw(100)) >>> 0; break
    case 3: segment.ack = (snd.max + 1 + draw(100)) >>> 0; break
    case 4: if (timestamps) segment.timestamps = [value - 1 - draw(600), 1]; break
    case 5: delete segment.timestamps; break
    case 6: segment.text = 5000; break
    case 7: segment.flags = ['', 'P', 'U', 'UA', 'SA', 'S', 'EA', 'ECA'][draw(8)]!; break
    case 8: segment.sack = [[(snd.una + 1) >>> 0, (snd.una + 1 + draw(1000)) >>> 0]]; break
    case 9: if (draw(40) === 0) segment.flags = ['FA', 'FPA', 'R', 'RA'][draw(4)]!; break
  }
  return segment
}

/** An open connection that has agreed to whatever our side asks for. */
function opened(script: Script): Script {
  script.connect().poll()
  script.network.sent.splice(0)
  script.send({ flags: 'SAE', seq: 500, ack: 101, mss: 1460, timestamps: [CLOCK + 1000, 1], sackPermitted: true })
  return script
}

function digest(script: Script): unknown {
  script.poll()
  const sent = script.network.sent.splice(0).map(({ bytes }) => Buffer.from(bytes).toString('hex'))
  const state = script.connection.fingerprint(script.now)
  return { sent, state, deadline: script.tcp.deadline, news: script.news().map(([, bits]) => bits) }
}

describe('header prediction', () => {
  for (const timestamps of [false, true]) {
    for (const sack of [false, true]) {
      test(`the same outcome with and without it: timestamps ${timestamps}, sack ${sack}`, () => {
        const before = predicted
        for (let seed = 1; seed <= 6; seed++) {
          let state = Math.imul(seed, 0x9e3779b1)
          const draw = (below: number): number => {
            state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
            return (state >>> 8) % below
          }
          const options = { ...SMALL, timestamps, sack, ecn: seed % 3 === 0 }
          const both = [plain, predicting].map(({ Script: Harness }) => opened(new Harness(options)))
          for (let step = 0; step < 150 && both[0]!.connection.state !== 0; step++) {
            const doing = draw(10)
            const amount = draw(2000)
            const segment = doing < 7 ? arriving(both[0]!, draw, timestamps) : undefined
            const [first, second] = both.map((script) => {
              if (segment !== undefined) {
                const dropped = script.send(segment)
                return { dropped, then: amount & 3 ? digest(script) : undefined }
              }
              if (doing === 7) return script.write(amount)
              if (doing === 8) return script.read(amount + 1)
              script.now += amount % 60
              return digest(script)
            })
            expect(second, `seed ${seed}, step ${step}: ${JSON.stringify(segment)}`).toEqual(first)
          }
          const [first, second] = both.map((script) => ({ unread: script.read(), rest: digest(script) }))
          expect(second, `seed ${seed}, at the end`).toEqual(first)
        }
        // Else it would say nothing.
        expect(predicted - before).toBeGreaterThan(100)
      })
    }
  }
})
