import { describe, expect, it } from 'vitest'
import { congestionControls } from '../src/congestion.ts'
import { openSource } from '../src/transfer/byte-source.ts'
import type { SegmentEvent, StateEvent, TransferEvent, WindowEvent } from '../src/transfer/events.ts'
import { judge } from '../src/transfer/judge.ts'
import type { TransferResult } from '../src/transfer/run-transfer.ts'
import { runTransfer } from '../src/transfer/run-transfer.ts'
import type { TransferSettings } from '../src/transfer/settings.ts'
import { defaultSettings } from '../src/transfer/settings.ts'
import { summarise } from '../src/transfer/summary.ts'

const quiet = { loss: 0, reorder: 0 }

interface Run { readonly result: TransferResult, readonly events: TransferEvent[] }

function transfer(size: number, link: Partial<TransferSettings['link']>, more: Partial<TransferSettings> = {}, traceAll = false): Run {
  const events: TransferEvent[] = []
  const settings = { ...defaultSettings, ...more, link: { ...defaultSettings.link, ...link } }
  const result = runTransfer(settings, openSource(undefined, size), { event: (event) => events.push(event), traceAll })
  return { result, events }
}

function describeEvent(event: TransferEvent): string {
  if (event.type === 'state') return `${event.host} ${event.from} -> ${event.to} by ${event.cause}`
  if (event.type !== 'segment') return event.type
  const { from, dropped, flags, sequence, acknowledgment, length } = event
  return `${from} ${dropped === undefined ? 'sends' : 'loses'} ${flags} ${sequence}:${acknowledgment ?? ''} (${length})`
}

function expectArrived({ client, server }: TransferResult, size: number): void {
  expect(client).toMatchObject({ bytes: size, error: undefined })
  expect(server).toMatchObject({ bytes: size, error: undefined, sha256: client.sha256 })
}

describe('over a link that does nothing to packets', () => {
  it('RFC 9293 §3.5 figure 6, §3.6 figure 12: the handshake and the close, and nothing else', () => {
    const { result, events } = transfer(20_000, quiet)
    expectArrived(result, 20_000)
    expect(events.map(describeEvent)).toEqual([
      'client CLOSED -> SYN-SENT by ActiveOpen',
      'client sends SYN 0: (0)',
      'server LISTEN -> SYN-RECEIVED by ReceiveSyn',
      'server sends SYN,ACK 0:1 (0)',
      'client SYN-SENT -> ESTABLISHED by ReceiveSynAck',
      'client ESTABLISHED -> FIN-WAIT-1 by Close',
      'client sends ACK 1:1 (1448)',
      'server SYN-RECEIVED -> ESTABLISHED by ReceiveAckOfSyn',
      'client sends FIN,PSH,ACK 18825:1 (1176)',
      'server ESTABLISHED -> CLOSE-WAIT by ReceiveFin',
      'server CLOSE-WAIT -> LAST-ACK by Close',
      'server sends FIN,ACK 1:20002 (0)',
      'client FIN-WAIT-1 -> FIN-WAIT-2 by ReceiveAckOfFin',
      'client FIN-WAIT-2 -> TIME-WAIT by ReceiveFin',
      'client sends ACK 20002:2 (0)',
      'server LAST-ACK -> CLOSED by ReceiveAckOfFin',
      'client TIME-WAIT -> CLOSED by Timeout',
    ])
  })

  it('times are those of the link: a SYN of 60 bytes at 10 Mbit/s takes 48 µs and 5 ms', () => {
    const { events } = transfer(1, quiet)
    const arrived = events.find((event): event is StateEvent => event.type === 'state' && event.to === 'SYN-RECEIVED')!
    expect(arrived.time).toBeCloseTo(5.048, 9)
  })

  it('TIME-WAIT lasts 2 MSL, 60 s (timers may round up to the next ms), and costs no real time', () => {
    const { events } = transfer(1, quiet)
    const [begins, ends] = events.filter((event) => event.type === 'state' && (event.to === 'TIME-WAIT' || event.from === 'TIME-WAIT'))
    expect(ends!.time - begins!.time).toBeGreaterThanOrEqual(60_000)
    expect(ends!.time - begins!.time).toBeLessThan(60_001)
  })

  it('an empty file arrives: the FIN follows the handshake', () => expectArrived(transfer(0, quiet).result, 0))

  it('phases: handshake, data, close', () => {
    const { events } = transfer(3_000_000, quiet, {}, true)
    const phases = events.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1])
    expect(phases).toEqual(['handshake', 'data', 'close'])
  })

  it('with traceAll every segment is told of, the same that the stacks count', () => {
    const { result, events } = transfer(100_000, quiet, {}, true)
    const sent = (from: string): number => events.filter((event) => event.type === 'segment' && event.from === from).length
    expect(sent('client')).toBe(result.client.connection!.segmentsOut)
    expect(sent('server')).toBe(result.server.connection!.segmentsOut)
    expect(sent('client')).toBe(result.link.clientToServer.sent)
  })

  it('over IPv6 too', () => {
    const { result, events } = transfer(100_000, quiet, { ipv6: true })
    expectArrived(result, 100_000)
    expect((events[1] as SegmentEvent).options).toContain('mss 1440')
  })

  it('buffers bound what is in flight, and how far ahead the client writes', () => {
    const { result, events } = transfer(100_000, quiet, { buffer: 4096 })
    expectArrived(result, 100_000)
    expect(result.server.connection!.receiveWindow).toBeLessThanOrEqual(4096)
    const close = events.find((event) => event.type === 'state' && event.to === 'FIN-WAIT-1')!
    expect(close.time).toBeGreaterThan(0.9 * result.times.received!)
  })
})

describe('over a link that does everything to packets', () => {
  const bad = { loss: 0.05, reorder: 0.05, duplicate: 0.05, corrupt: 0.05, jitter: 3 }

  it.each([1, 2, 3, 4, 5])('seed %d: every byte arrives, and nothing is left of the connection', (seed) => {
    const { result } = transfer(300_000, bad, { seed })
    expectArrived(result, 300_000)
    expect(result.client.connection!.retransmissions).toBeGreaterThan(0)
    expect(result.server.drops['BadChecksum']).toBeGreaterThan(0)
    for (const { accounting } of [result.client, result.server]) {
      expect(accounting.memory.used).toBe(0)
      expect(accounting.protocols['tcp']).toMatchObject({ sockets: 0, flows: 0, timers: 0, bytes: 0 })
    }
  })

  it('the same seed gives the same run, another one another', () => {
    const run = (seed: number): string => JSON.stringify(transfer(100_000, bad, { seed }, true))
    expect(run(1)).toBe(run(1))
    expect(run(2)).not.toBe(run(1))
  })

  it('what is sent again is marked so, and what the link loses is told', () => {
    const { result, events } = transfer(300_000, { loss: 0.1, reorder: 0 }, {}, true)
    const segments = events.filter((event) => event.type === 'segment')
    const lost = segments.filter(({ dropped }) => dropped === 'loss').length
    expect(lost).toBe(result.link.clientToServer.lost + result.link.serverToClient.lost)
    const again = segments.filter(({ again }) => again).length
    expect(again).toBe(result.client.connection!.retransmissions + result.server.connection!.retransmissions)
  })

  it('a full queue drops and TCP copes', () => {
    const { result } = transfer(1_000_000, { ...quiet, queue: { packets: 5 } })
    expectArrived(result, 1_000_000)
    expect(result.link.clientToServer.queueDrops).toBeGreaterThan(0)
  })

  it('RFC 9293 §3.8.3: a link that loses everything is given up', () => {
    const { result, events } = transfer(1000, { loss: 1 })
    expect(result.client.error).toBe('ETIMEDOUT')
    expect(result.server.connection).toBeUndefined()
    expect(events.at(-1)).toMatchObject({ host: 'client', from: 'SYN-SENT', to: 'CLOSED', cause: 'Timeout' })
    expect(result.times.received).toBeUndefined()
  })
})

describe('congestion control', () => {
  it.each([...congestionControls.map(({ name }) => name), 'fixed:10'])('%s: everything arrives over a bad link', (congestion) => {
    const { result } = transfer(500_000, { loss: 0.02 }, { congestion })
    expectArrived(result, 500_000)
    expect(result.client.connection!.congestionControl).toBe(congestion.replace(/:.*/, ''))
  })

  it('with traceAll its window is told of with every ACK, as an object of its own, and what it does by name', () => {
    const { result, events } = transfer(300_000, { loss: 0.02, reorder: 0 }, { congestion: 'newreno' }, true)
    const windows = events.filter((event) => event.type === 'window' && event.host === 'client').map((event) => (event as WindowEvent).trace)
    const { maxCwnd, fastRetransmits, timeouts, mss } = result.client.connection!
    expect(windows[0]).toMatchObject({ control: 'newreno', phase: 'slow-start', cwnd: 10 * mss, inFlight: 0 })
    expect(Math.max(...windows.map(({ cwnd }) => cwnd))).toBe(maxCwnd)
    const named = (name: string): number => events.filter((event) => event.type === 'congestion' && event.event === name).length
    expect([named('fast-retransmit'), named('timeout')]).toEqual([fastRetransmits, timeouts])
    expect(fastRetransmits).toBeGreaterThan(0)
    expect(windows.some(({ recovery }) => recovery === 'recovery')).toBe(true)
  })

  it('without it nobody is asked', () => {
    expect(transfer(100_000, { loss: 0.02 }).events.filter(({ type }) => type === 'window' || type === 'congestion')).toEqual([])
  })

  it('a name that is none is a fault of the caller', () => {
    expect(() => transfer(1, {}, { congestion: 'hybla' })).toThrow('the congestion control is hybla, expected cubic, newreno')
  })

  it('paced, segments leave at many more times than ACKs arrive at', () => {
    const times = (pacing: boolean): number => {
      const { events } = transfer(200_000, { ...quiet, rate: Infinity }, { pacing }, true)
      const sent = events.filter((event) => event.type === 'segment' && event.from === 'client' && event.length > 0)
      return new Set(sent.map(({ time }) => time)).size
    }
    expect(times(true)).toBeGreaterThan(4 * times(false))
  })
})

describe('the summary', () => {
  const summarised = (link: Partial<TransferSettings['link']>): ReturnType<typeof summarise> => {
    const settings = { ...defaultSettings, link: { ...defaultSettings.link, ...quiet, ...link } }
    return summarise('file', settings, runTransfer(settings, openSource(undefined, 100_000)), undefined, [])
  }

  it('goodput is bits of the file over the time from the first SYN to the end at the server', () => {
    const { goodput, times, utilisation } = summarised({})
    expect(goodput).toBeCloseTo(100_000 * 8 / (times.received! / 1000), 6)
    expect(utilisation).toBeCloseTo(goodput! / 10e6, 12)
  })

  it('an unlimited link has no rate in JSON, and no utilisation', () => {
    expect(summarised({ rate: Infinity })).toMatchObject({ settings: { link: { rate: null } }, utilisation: null })
  })

  it('is plain JSON: nothing is lost on the way', () => {
    const summary = summarised({})
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary)
  })
})

describe('the judgement', () => {
  const good = {
    errors: { client: null, server: null }, sha256: { sent: 'a', received: 'a', equal: true },
    bytes: { sent: 1, received: 1 }, times: { received: 1, ended: 2 },
  }

  it('nothing to say when all is well', () => expect(() => judge(good)).not.toThrow())

  it.each([
    ['digests differ', { sha256: { sent: 'a', received: 'b', equal: false } }, 4],
    ['counts differ', { bytes: { sent: 2, received: 1 } }, 4],
    ['the client broke', { errors: { client: 'ETIMEDOUT', server: null } }, 6],
    ['the server broke', { errors: { client: null, server: 'ECONNRESET' } }, 6],
    ['the end never came', { times: { received: null, ended: 5 } }, 6],
  ])('%s: exit code', (_, difference, exitCode) => {
    expect(() => judge({ ...good, ...difference })).toThrow(expect.objectContaining({ exitCode }) as Error)
  })
})
