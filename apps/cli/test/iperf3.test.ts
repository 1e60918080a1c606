import { beforeEach, describe, expect, it } from 'vitest'
import type { TcpConnection } from '@layerfour/socket'
import type { ClientOptions, ClientResult } from '../src/iperf3/client.ts'
import { runIperf3 } from '../src/iperf3/client.ts'
import type { Clock } from '../src/iperf3/clock.ts'
import { frameJson } from '../src/iperf3/control-channel.ts'
import { COOKIE_LENGTH, isCookie, makeCookie, sameCookie } from '../src/iperf3/cookie.ts'
import type { TestParameters } from '../src/iperf3/parameters.ts'
import { formatParameters, parseParameters, planStreams } from '../src/iperf3/parameters.ts'
import { formatInterval, formatResult, formatTest } from '../src/iperf3/print-result.ts'
import { formatResults, parseResults } from '../src/iperf3/results.ts'
import { serveIperf3 } from '../src/iperf3/server.ts'
import { sumUp } from '../src/iperf3/summary.ts'
import { createColours } from '../src/terminal/colours.ts'
import { Hosts } from './_hosts.ts'

const random = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 7)
const parameters: TestParameters = {
  direction: 'forward', parallel: 1, time: 0, bytes: 1_000_000, omit: 0, blockSize: 131_072, noDelay: false,
}
/** Whatever else JSON may be. */
const nonsense: unknown[] = [null, true, 1, 'text', [], [1], {}, { streams: {} }, { streams: [null] }, { streams: [{ id: '1', bytes: 2 }] }]

describe('a cookie', () => {
  it('is 36 characters and a zero', () => {
    const cookie = makeCookie(random)
    expect(new TextDecoder().decode(cookie)).toMatch(/^[a-z2-7]{36}\0$/)
    expect(isCookie(cookie)).toBe(true)
  })

  it('is what a client of iperf3 3.12 sent', () => {
    expect(isCookie(new TextEncoder().encode('3u2zj6tuhqfhmpcdl2chvuas55aqoxgszmjp\0'))).toBe(true)
  })

  it('is not anything else', () => {
    for (const text of ['', '\0', 'a'.repeat(37), `${'a'.repeat(35)}\0\0`, `${'a'.repeat(37)}\0`]) {
      expect(isCookie(new TextEncoder().encode(text))).toBe(false)
    }
  })

  it('is the same only if every byte is', () => {
    const cookie = makeCookie(random)
    expect(sameCookie(cookie, makeCookie(random))).toBe(true)
    for (let i = 0; i < COOKIE_LENGTH; i++) expect(sameCookie(cookie, cookie.map((byte, at) => (at === i ? byte ^ 1 : byte)))).toBe(false)
  })
})

it('JSON goes behind its length in four bytes, big-endian', () => {
  expect(frameJson({ a: 'é' })).toEqual(Uint8Array.of(0, 0, 0, 10, ...new TextEncoder().encode('{"a":"é"}')))
})

describe('parameters', () => {
  it.each<[string, TestParameters]>([
    [
      '{"tcp":true,"omit":0,"time":0,"num":102400,"blockcount":0,"parallel":1,"len":131072,"pacing_timer":1000,"client_version":"3.12"}',
      { ...parameters, bytes: 102_400 },
    ],
    [
      '{"tcp":true,"omit":1,"time":10,"num":0,"blockcount":0,"parallel":2,"reverse":true,"len":131072,"pacing_timer":1000}',
      { ...parameters, direction: 'reverse', time: 10, omit: 1, bytes: 0, parallel: 2 },
    ],
    [
      '{"tcp":true,"omit":0,"time":0,"num":102400,"blockcount":0,"parallel":1,"nodelay":true,"bidirectional":true,"len":1000,"bandwidth":0}',
      { ...parameters, direction: 'both', bytes: 102_400, blockSize: 1000, noDelay: true },
    ],
    ['{"tcp":true,"time":1,"bandwidth":1000000}', { ...parameters, time: 1, bytes: 0 }],
    ['{"tcp":true,"time":1,"congestion":"reno"}', { ...parameters, time: 1, bytes: 0, congestion: 'reno' }],
    ['{"tcp":true,"time":1,"congestion":7}', { ...parameters, time: 1, bytes: 0 }],
  ])('of iperf3: %s', (text, expected) => expect(parseParameters(JSON.parse(text))).toEqual(expected))

  it.each<TestParameters>([
    parameters,
    { ...parameters, direction: 'reverse', parallel: 128, noDelay: true },
    { ...parameters, direction: 'both', time: 86_400, bytes: 0, omit: 3, blockSize: 1, congestion: 'vegas' },
  ])('written are read again: $direction', (given) => expect(parseParameters(formatParameters(given))).toEqual(given))

  it.each<[object, number]>([
    [{ udp: true }, 13],
    [{ sctp: true }, 13],
    [{ tcp: true, reverse: true, bandwidth: 1000 }, 13],
    [{ tcp: true, parallel: 129 }, 6],
    [{ tcp: true, len: 1_048_577 }, 7],
    [{ tcp: true, parallel: 0 }, 114],
    [{ tcp: true, parallel: 1.5 }, 114],
    [{ tcp: true, num: -1 }, 114],
    [{ tcp: true, num: '1' }, 114],
    [{ tcp: true, time: 86_401 }, 114],
    [{ tcp: true, omit: 601 }, 114],
    [{ tcp: true, len: 0 }, 114],
  ])('%o are refused with %i', (given, refused) => expect(parseParameters(given)).toEqual({ refused }))

  it('may be any JSON', () => {
    for (const value of nonsense) expect(parseParameters(value)).toHaveProperty('refused')
  })
})

it("streams have iperf3's numbers: 1, 3, 4, 5; the client's come first", () => {
  expect(planStreams({ direction: 'forward', parallel: 4 }).map(({ id }) => id)).toEqual([1, 3, 4, 5])
  expect(planStreams({ direction: 'reverse', parallel: 1 })).toEqual([{ id: 1, sentBy: 'server' }])
  expect(planStreams({ direction: 'both', parallel: 2 }).map(({ sentBy }) => sentBy)).toEqual(['client', 'client', 'server', 'server'])
})

describe('results', () => {
  const captured = '{"cpu_util_total":72.5,"cpu_util_user":0,"cpu_util_system":71.5,"sender_has_retransmits":18446744073709551615,'
    + '"congestion_used":"bbr","streams":[{"id":1,"bytes":131072,"retransmits":18446744073709551615,"jitter":0,"errors":0,"packets":0,'
    + '"start_time":0,"end_time":0.5},{"id":3,"bytes":5,"retransmits":7,"jitter":0,"errors":0,"packets":0,"start_time":1,"end_time":1.5}]}'
  const expected = {
    cpu: { total: 72.5, user: 0, system: 71.5 },
    congestion: 'bbr',
    streams: [{ id: 1, bytes: 131_072, time: 0.5, retransmissions: undefined }, { id: 3, bytes: 5, time: 0.5, retransmissions: 7 }],
  }

  it('of iperf3: -1 without its sign is no count', () => expect(parseResults(JSON.parse(captured))).toEqual(expected))
  it('written are read again', () => expect(parseResults(formatResults(expected))).toEqual(expected))
  it('may be any JSON', () => {
    for (const value of nonsense.filter((value) => !Array.isArray(value))) expect(parseResults(value)).toBeUndefined()
  })
})

describe('client and server', () => {
  let hosts: Hosts
  let clock: Clock
  beforeEach(() => {
    hosts = new Hosts()
    const timers = hosts.addTimers()
    clock = { now: () => hosts.simulation.now, sleep: (ms, options) => timers.sleep(ms, options) }
    serveIperf3(hosts.server, clock, (error) => hosts.faults.push(error))
  })

  const measure = (more: Partial<TestParameters> = {}, options: Partial<ClientOptions> = {}): Promise<ClientResult> =>
    runIperf3({ stack: hosts.client, clock, hostname: '10.0.0.2', port: 5201, parameters: { ...parameters, ...more }, random, ...options })
  const connect = (): Promise<TcpConnection> => hosts.client.connect({ hostname: '10.0.0.2', port: 5201 })
  /** What the server says until it ends the connection. */
  const hear = async (connection: TcpConnection): Promise<number[]> => {
    const said: number[] = []
    const buffer = new Uint8Array(100)
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      said.push(...buffer.subarray(0, count))
    }
    return said
  }
  const greet = async (...more: Uint8Array[]): Promise<TcpConnection> => {
    const connection = await connect()
    await connection.write(makeCookie(random))
    for (const bytes of more) await connection.write(bytes)
    return connection
  }

  it.each<[TestParameters['direction'], number]>([
    ['forward', 1], ['forward', 8], ['reverse', 1], ['reverse', 8], ['both', 1], ['both', 4],
  ])('%s, streams: %i; all bytes arrive, and nothing is left of the test', async (direction, parallel) => {
    const before = [hosts.client.accounting().memory.used, hosts.server.accounting().memory.used]
    const result = await hosts.run(measure({ direction, parallel }))
    const sums = sumUp(result)
    expect(sums.map(({ sentBy }) => sentBy)).toEqual({ forward: ['client'], reverse: ['server'], both: ['client', 'server'] }[direction])
    for (const { sent, received } of sums) {
      expect(sent.bytes).toBe(1_000_000)
      expect(received.bytes).toBe(1_000_000)
      // 100 Mbit/s at most, in virtual time.
      expect(received.time).toBeGreaterThan(0.08)
    }
    expect(result.streams).toHaveLength(direction === 'both' ? 2 * parallel : parallel)
    await hosts.run(clock.sleep(200_000))
    expect([hosts.client.accounting().memory.used, hosts.server.accounting().memory.used]).toEqual(before)
    expect(hosts.faults).toEqual([])
  })

  it.each<TestParameters['direction']>(['forward', 'reverse'])('by time, %s: the rate is most of what the link has, and not more', async (direction) => {
    const { intervals, ...result } = await hosts.run(measure({ direction, time: 2, bytes: 0 }))
    const [{ sent, received } = { sent: { bytes: 0 }, received: { bytes: 0, rate: 0 } }] = sumUp(result)
    expect(received.bytes).toBe(sent.bytes)
    expect(received.rate).toBeGreaterThan(50e6)
    expect(received.rate).toBeLessThan(100e6)
    expect(intervals[0]).toMatchObject({ from: 0 })
    expect(intervals.reduce((sum, interval) => sum + interval.sent + interval.received, 0)).toBeLessThanOrEqual(sent.bytes)
  })

  it.each([['reno', 'reno'], ['hybla', 'cubic'], [undefined, 'cubic']])('-C %s: the server sends by %s', async (congestion, used) => {
    const result = await hosts.run(measure({ direction: 'reverse', ...(congestion === undefined ? {} : { congestion }) }))
    expect(result.congestion).toEqual({ client: 'cubic', server: used })
  })

  it('what is sent in the omitted time does not count at the server', async () => {
    const { streams } = await hosts.run(measure({ direction: 'forward', time: 2, bytes: 0, omit: 1 }))
    expect(streams[0]!.received.bytes).toBeLessThan(streams[0]!.sent.bytes * 0.7)
  })

  it('one test at a time; another client is told so at once', async () => {
    const work = async (): Promise<void> => {
      const first = measure({ time: 1, bytes: 0 })
      await clock.sleep(500)
      await expect(measure()).rejects.toThrow('the server is busy with another test')
      await first
      await measure()
    }
    await hosts.run(work())
  })

  it('a data connection with the cookie of another test is none', async () => {
    const work = async (): Promise<number[]> => {
      const control = await greet(frameJson({ tcp: true, time: 100 }))
      await clock.sleep(100)
      const stranger = await connect()
      await stranger.write(makeCookie((length) => new Uint8Array(length)))
      const denied = await hear(stranger)
      control.abort()
      return denied
    }
    expect(await hosts.run(work())).toEqual([0xff])
  })

  it('data that TEST_END overtakes counts: the server waits for what the client says it sent', async () => {
    const work = async (): Promise<string> => {
      const control = await greet(frameJson({ tcp: true, time: 100 }))
      await clock.sleep(100)
      const data = await greet()
      await clock.sleep(100)
      await control.write(Uint8Array.of(4))
      await control.write(frameJson({ streams: [{ id: 1, bytes: 1000 }] }))
      await clock.sleep(1000)
      await data.write(new Uint8Array(1000))
      await clock.sleep(100)
      await control.write(Uint8Array.of(16))
      return String.fromCharCode(...await hear(control))
    }
    expect(await hosts.run(work())).toMatch(/"bytes":1000,/)
  })

  it('a client that goes while the server waits for such data leaves the server free', async () => {
    const work = async (): Promise<void> => {
      const control = await greet(frameJson({ tcp: true, time: 100 }))
      await clock.sleep(100)
      await greet()
      await clock.sleep(100)
      await control.write(Uint8Array.of(4))
      await control.write(frameJson({ streams: [{ id: 1, bytes: 1000 }] }))
      await clock.sleep(100)
      await control.closeWrite()
      await clock.sleep(100)
      await measure()
    }
    await hosts.run(work())
  })

  it('a client that is stopped says so: CLIENT_TERMINATE', async () => {
    const said: number[] = []
    hosts.start(1, async (connection) => {
      await connection.write(Uint8Array.of(9))
      said.push(...await hear(connection))
    })
    const stop = new AbortController()
    const work = async (): Promise<void> => {
      void clock.sleep(500).then(() => stop.abort(new Error('enough')))
      await expect(measure({}, { port: 1, signal: stop.signal })).rejects.toThrow('enough')
      await clock.sleep(100)
    }
    await hosts.run(work())
    expect(said.at(-1)).toBe(12)
  })

  it('a client that is stopped leaves the server free', async () => {
    const stop = new AbortController()
    const work = async (): Promise<void> => {
      const first = measure({ time: 10, bytes: 0 }, { signal: stop.signal })
      void clock.sleep(500).then(() => stop.abort(new Error('enough')))
      await expect(first).rejects.toThrow('enough')
      await clock.sleep(100)
      await measure()
    }
    await hosts.run(work())
  })

  it('what the server does not have is an error that has a text', async () => {
    const work = async (): Promise<number[]> => hear(await greet(frameJson({ udp: true, time: 1 })))
    expect(await hosts.run(work())).toEqual([9, 0xfe, 0, 0, 0, 13, 0, 0, 0, 0])
    await hosts.run(expect(measure({ blockSize: 2_000_000 })).rejects.toThrow('the server refuses: the block size is out of range'))
  })

  it.each<[string, Uint8Array]>([
    ['no JSON', Uint8Array.of(0, 0, 0, 2, 0x7b, 0x7b)],
    ['4 GiB of it', Uint8Array.of(255, 255, 255, 255, 0x7b)],
    ['8193 bytes long', frameJson({ tcp: true, time: 1, title: 'a'.repeat(8193 - 32) })],
  ])('parameters that are %s end the connection, and the server goes on', async (_, bytes) => {
    const work = async (): Promise<number[]> => hear(await greet(bytes))
    expect(await hosts.run(work())).toEqual([9])
    expect(sumUp(await hosts.run(measure()))[0]!.received.bytes).toBe(1_000_000)
    expect(hosts.faults).toEqual([])
  })

  it('a cookie that does not come, or is none, resets the connection', async () => {
    const work = async (): Promise<void> => {
      await expect(hear(await connect())).rejects.toThrow('ECONNRESET')
      const other = await connect()
      await other.write(new TextEncoder().encode('GET / HTTP/1.1\r\nHost: 10.0.0.2\r\nAccept: */*\r\n\r\n'))
      await expect(hear(other)).rejects.toThrow('ECONNRESET')
    }
    await hosts.run(work())
    expect(hosts.faults).toEqual([])
  })

  it.each<[string, Uint8Array[], number[]]>([
    ['its parameters', [], [9]],
    ['half of its parameters', [frameJson({ tcp: true, time: 1 }).subarray(0, 9)], [9]],
    ['its data connections', [frameJson({ tcp: true, time: 1, parallel: 3 })], [9, 10]],
  ])('a client that keeps back %s does not block the server for ever', async (_, sent, said) => {
    const work = async (): Promise<number[]> => hear(await greet(...sent))
    expect(await hosts.run(work())).toEqual(said)
    expect(hosts.simulation.now).toBeGreaterThan(10_000)
    expect(hosts.simulation.now).toBeLessThan(20_000)
    await hosts.run(measure())
  })

  it('a test in which nothing moves ends: SERVER_TERMINATE', async () => {
    const work = async (): Promise<number[]> => {
      const control = await greet(frameJson({ tcp: true, time: 100 }))
      await clock.sleep(100)
      const data = await greet()
      const said = await hear(control)
      await data.closed.catch(() => undefined)
      return said
    }
    expect(await hosts.run(work())).toEqual([9, 10, 1, 2, 11])
    await hosts.run(measure())
  })

  it('a data connection that breaks ends the test', async () => {
    const work = async (): Promise<number[]> => {
      const control = await greet(frameJson({ tcp: true, time: 100 }))
      await clock.sleep(100)
      const data = await greet()
      await clock.sleep(100)
      data.abort()
      return hear(control)
    }
    expect(await hosts.run(work())).toEqual([9, 10, 1, 2, 11])
    expect(hosts.simulation.now).toBeLessThan(1000)
  })

  it('a server that says nothing, or nonsense, is an error at the client', async () => {
    hosts.start(1, (connection) => hear(connection).then(() => undefined))
    hosts.start(2, async (connection) => { await connection.write(Uint8Array.of(77)) })
    hosts.start(3, async (connection) => {
      await connection.write(Uint8Array.of(9))
    })
    await hosts.run(expect(measure({}, { port: 1 })).rejects.toThrow('the peer says nothing for 15 s'))
    await hosts.run(expect(measure({}, { port: 2 })).rejects.toThrow('the peer says 77, expected PARAM_EXCHANGE'))
    await hosts.run(expect(measure({}, { port: 3 })).rejects.toThrow('the peer has closed the control connection'))
    await hosts.run(expect(measure({}, { port: 4 })).rejects.toThrow('ECONNREFUSED'))
  })
})

describe('for people', () => {
  const colours = createColours(false)
  const result: ClientResult = {
    congestion: { client: 'cubic', server: undefined },
    cpu: { client: { total: 50, user: 40, system: 10 }, server: { total: 5, user: 1, system: 4 } },
    intervals: [],
    streams: [1, 3].map((id) => ({
      sentBy: 'client',
      sent: { id, bytes: 1_048_576, time: 1, retransmissions: id },
      received: { id, bytes: 1_048_576, time: 1, retransmissions: undefined },
      rtt: 10,
      maxCwnd: 65_536,
    })),
  }

  it('a line says what is measured', () => {
    expect(formatTest('fd09::1', 5201, { ...parameters, direction: 'both', parallel: 8, time: 10, bytes: 0, omit: 2 }, colours))
      .toBe('iperf3      [fd09::1]:5201, both ways at once, 8 streams each way, 10 s, after 2 s that do not count')
  })

  it('a line for every second', () => {
    expect(formatInterval({ from: 0, to: 1000, sent: 1_048_576, received: 0 })).toBe('    1.00 s  sent 1.00 MiB, 8.39 Mbit/s')
    expect(formatInterval({ from: 0, to: 1000, sent: 0, received: 0 })).toBe('    1.00 s  nothing moved')
  })

  it('a table with a sum', () => {
    expect(formatResult(result, colours)).toEqual([
      'Stream  Direction            Sent  Received  Time         Rate  Retransmitted    RTT  Largest cwnd',
      '     1  client → server  1.00 MiB  1.00 MiB   1 s  8.39 Mbit/s              1  10 ms      64.0 KiB',
      '     3  client → server  1.00 MiB  1.00 MiB   1 s  8.39 Mbit/s              3  10 ms      64.0 KiB',
      '   sum  client → server  2.00 MiB  2.00 MiB   1 s  16.8 Mbit/s              4',
      '',
      'congestion  client cubic, server unknown',
      'CPU         client 50 %, server 5 %',
    ])
  })
})
