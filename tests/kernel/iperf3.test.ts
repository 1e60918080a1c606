import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { missingCommand } from '../../testing/missing.node.ts'
import { optional } from '../../testing/optional.ts'
import { iperf3, startIperf3Server } from './_iperf3.ts'
import { checksumErrors, Namespace } from './_namespace.ts'
import { l4, startAndWait } from './_programs.ts'

const present = optional('iperf3', missingCommand('iperf3'), "the kernel's iperf3 against our server and our client")
const nc = optional('nc', missingCommand('nc'), 'what our iperf3 server says while it is busy')
const BYTES = 20_000_000

const ipv4 = { address: '10.9.0.2/24', ours: '10.9.0.2', kernels: '10.9.0.1' }
const ipv6 = { address: 'fd09::2/64', ours: 'fd09::2', kernels: 'fd09::1' }
const families = [
  { family: 'IPv4', offload: [], segments: 50, ...ipv4 },
  { family: 'IPv6', offload: [], segments: 50, ...ipv6 },
  { family: 'IPv4, no offload', offload: ['--no-offload'], segments: 1000, ...ipv4 },
  { family: 'IPv6, no offload', offload: ['--no-offload'], segments: 1000, ...ipv6 },
]

describe.skipIf(!present).each(families)("the kernel's iperf3 and our server, $family", ({ address, ours, offload, segments }) => {
  let namespace: Namespace
  beforeAll(async () => {
    namespace = new Namespace()
    await startAndWait(namespace, [...l4, 'host', '--tun', 'l4', '--address', address, ...offload, '--no-control', '--json'])
  })
  afterAll(() => namespace?.remove())

  it.each([
    { words: [], streams: 1 },
    { words: ['--parallel', '8'], streams: 8 },
  ])('the kernel sends, streams: $streams; we count what it counts', async ({ words, streams }) => {
    const { code, report } = await iperf3(namespace, ours, '--bytes', String(BYTES), ...words)
    expect(report.error).toBeUndefined()
    expect(code).toBe(0)
    expect(report.end.streams).toHaveLength(streams)
    // Whole blocks: the last one passes the mark.
    expect(report.end.sum_sent!.bytes).toBeGreaterThanOrEqual(BYTES)
    expect(report.end.sum_received!.bytes).toBe(report.end.sum_sent!.bytes)
  })

  it.each([
    { words: ['-R'], streams: 1 },
    { words: ['-R', '-P', '8'], streams: 8 },
  ])('we send, streams: $streams; the kernel counts what we count', async ({ words, streams }) => {
    const { code, report } = await iperf3(namespace, ours, '--bytes', String(BYTES), ...words)
    expect(report.error).toBeUndefined()
    expect(code).toBe(0)
    expect(report.end.streams).toHaveLength(streams)
    expect(report.end.sum_sent!.bytes).toBe(BYTES)
    expect(report.end.sum_received!.bytes).toBe(BYTES)
  })

  it('by time, with a start that does not count; and -R -P 8', async () => {
    const forward = await iperf3(namespace, ours, '--time', '1', '--omit', '1')
    const reverse = await iperf3(namespace, ours, '--time', '1', '-R', '-P', '8')
    for (const { code, report } of [forward, reverse]) {
      expect(report.error).toBeUndefined()
      expect(code).toBe(0)
      expect(report.end.sum_sent!.bytes).toBeGreaterThan(0)
      expect(report.end.sum_received!.bytes).toBeGreaterThan(0)
    }
  })

  it('both directions at once', async () => {
    const { code, report } = await iperf3(namespace, ours, '--time', '1', '--bidir', '-P', '2')
    expect(report.error).toBeUndefined()
    expect(code).toBe(0)
    expect(report.end.streams).toHaveLength(4)
    expect(report.end.sum_received!.bytes).toBe(report.end.sum_sent!.bytes)
    expect(report.end.sum_received_bidir_reverse!.bytes).toBeGreaterThan(0)
    expect(report.end.sum_sent_bidir_reverse!.bytes).toBeGreaterThanOrEqual(report.end.sum_received_bidir_reverse!.bytes)
  })

  it('what we do not have is refused in words that iperf3 understands', async () => {
    for (const words of [['--udp'], ['-R', '--bitrate', '1M']]) {
      const { report } = await iperf3(namespace, ours, '--time', '1', ...words)
      expect(report.error).toContain('an option you are trying to set is not implemented yet')
    }
  })

  it.skipIf(!nc)('one test at a time: the next client hears that we are busy, until the first is gone', async () => {
    const first = namespace.start('nc', ours, '5201')
    const greeted = new Promise((resolve) => first.stdout!.once('data', resolve))
    const gone = new Promise((resolve) => first.once('close', resolve))
    first.stdin!.write(`${'a'.repeat(36)}\0`)
    // PARAM_EXCHANGE
    expect(await greeted).toEqual(Buffer.of(9))
    expect((await iperf3(namespace, ours, '--bytes', '1')).report.error).toContain('the server is busy running a test')
    first.kill('SIGKILL')
    await gone
    expect((await iperf3(namespace, ours, '--bytes', '1')).report.error).toBeUndefined()
  })

  it('the kernel found no checksum of ours bad', () => {
    const counters = namespace.counters()
    expect(checksumErrors(counters)).toEqual({})
    expect(counters.get('TcpInSegs')).toBeGreaterThan(segments)
  })
})

interface Counted { readonly bytes: number }
interface Result {
  readonly sums: readonly { readonly sentBy: string, readonly sent: Counted, readonly received: Counted }[]
  readonly streams: readonly unknown[]
}

describe.skipIf(!present).each(families)("our client and the kernel's iperf3, $family", ({ address, kernels, offload, segments }) => {
  let namespace: Namespace
  beforeAll(() => {
    namespace = new Namespace()
  })
  afterAll(() => namespace?.remove())

  const run = (...words: string[]): ReturnType<Namespace['run']> =>
    namespace.run([...l4, 'iperf3', kernels, '--tun', 'l4', '--address', address, ...offload, '--json', ...words])

  async function measure(...words: string[]): Promise<Result> {
    const { code, stdout, stderr } = await run(...words)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    return JSON.parse(stdout.toString()) as Result
  }

  it.each([1, 8])('we send, streams: %i', async (streams) => {
    const server = await startIperf3Server(namespace)
    const result = await measure('--bytes', String(BYTES), '--parallel', String(streams))
    const { error, end } = await server.report
    expect(error).toBeUndefined()
    expect(result.streams).toHaveLength(streams)
    expect(result.sums).toMatchObject([{ sentBy: 'client', sent: { bytes: BYTES }, received: { bytes: end.sum_received!.bytes } }])
    // The end of a test overtakes data at this server, which throws away what it has not read by then.
    expect(end.sum_received!.bytes).toBeGreaterThan(0)
    expect(end.sum_received!.bytes).toBeLessThanOrEqual(BYTES)
  })

  it.each([1, 8])('the kernel sends, streams: %i; we count what it counts', async (streams) => {
    const server = await startIperf3Server(namespace)
    const result = await measure('--bytes', String(BYTES), '--reverse', '--parallel', String(streams))
    const { error, end } = await server.report
    expect(error).toBeUndefined()
    expect(result.streams).toHaveLength(streams)
    expect(end.sum_sent!.bytes).toBeGreaterThanOrEqual(BYTES)
    expect(result.sums).toMatchObject([{ sentBy: 'server', sent: { bytes: end.sum_sent!.bytes }, received: { bytes: end.sum_sent!.bytes } }])
  })

  it('both directions at once, by time', async () => {
    const server = await startIperf3Server(namespace)
    const { sums } = await measure('--time', '1', '--bidir')
    expect((await server.report).error).toBeUndefined()
    expect(sums.map(({ sentBy }) => sentBy)).toEqual(['client', 'server'])
    for (const { received } of sums) expect(received.bytes).toBeGreaterThan(0)
  })

  it('no server: exit code 6', async () => {
    const { code, stderr } = await run()
    expect(stderr).toContain('connect ECONNREFUSED')
    expect(code).toBe(6)
  })

  it('the kernel found no checksum of ours bad', () => {
    const counters = namespace.counters()
    expect(checksumErrors(counters)).toEqual({})
    expect(counters.get('TcpInSegs')).toBeGreaterThan(segments)
  })
})
