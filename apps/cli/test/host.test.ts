import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parsePrefix } from '@layerfour/wire'
import { openControlSocket, queryHost } from '../src/host/control-socket.ts'
import { kernelAddressesBeside } from '../src/host/kernel-address.ts'
import type { HostStats } from '../src/host/stats.ts'
import { run } from '../src/program.ts'
import { FakeTerminal } from './_terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'l4-host-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe("the kernel's address beside ours", () => {
  it.each([
    ['10.9.0.2/24', ['10.9.0.1/24']],
    ['10.9.0.1/24', ['10.9.0.2/24']],
    ['10.9.0.200/24', ['10.9.0.1/24']],
    ['10.9.0.1/30', ['10.9.0.2/30']],
    ['10.9.0.0/31', ['10.9.0.1/31']],
    ['10.9.0.1/31', ['10.9.0.0/31']],
    ['10.9.0.1/32', []],
    ['fd09::2/64', ['fd09::1/64']],
    ['fd09::1/64', ['fd09::2/64']],
    ['fd09::/127', ['fd09::1/127']],
    ['fd09::1/128', []],
  ])('%s', (ours, expected) => expect(kernelAddressesBeside([parsePrefix(ours)!])).toEqual(expected))
})

const stats: HostStats = {
  name: 'l4',
  addresses: ['10.9.0.2/24'],
  mtu: 1500,
  uptime: 61_234,
  traffic: { packetsIn: 1234, bytesIn: 100_000, packetsOut: 5, bytesOut: 999 },
  drops: { BadChecksum: 2 },
  accounting: { memory: { capacity: 1, used: 0, peak: 0 }, internet: { bytes: 0 }, protocols: {} },
  sockets: [
    {
      protocol: 'tcp', local: { hostname: '::', port: 80 }, remote: undefined, state: 'LISTEN', receiveQueue: 0, sendQueue: 128, timers: {},
    },
    {
      protocol: 'tcp', local: { hostname: 'fd09::2', port: 80 }, remote: { hostname: 'fd09::1', port: 40_000 }, state: 'ESTABLISHED',
      receiveQueue: 0, sendQueue: 65_536, cwnd: 14_480, rtt: 0.25, timers: { retransmission: 200.4 },
    },
  ],
}

describe('the control socket', () => {
  it('tells everyone who asks, and is gone at the end', async () => {
    const path = join(folder, 'a.sock')
    const control = await openControlSocket(path, () => stats)
    expect(await queryHost(path)).toEqual(JSON.parse(JSON.stringify(stats)))
    expect(await queryHost(path)).toBeDefined()
    expect(statSync(path).mode & 0o777).toBe(0o666)
    await control.close()
    expect(await queryHost(path)).toBeUndefined()
    expect(() => statSync(path)).toThrow('ENOENT')
  })

  it('takes the place of one that nobody answers at', async () => {
    const path = join(folder, 'stale.sock')
    writeFileSync(path, '')
    const control = await openControlSocket(path, () => stats)
    expect(await queryHost(path)).toBeDefined()
    await control.close()
  })

  it('leaves a running host alone', async () => {
    const path = join(folder, 'taken.sock')
    const control = await openControlSocket(path, () => stats)
    await expect(openControlSocket(path, () => stats)).rejects.toThrow(`another host answers at ${path}`)
    expect(await queryHost(path)).toBeDefined()
    await control.close()
  })

  it('a path that the kernel would cut is refused', async () => {
    await expect(openControlSocket(`/tmp/${'x'.repeat(200)}`, () => stats)).rejects.toThrow('expected at most 107')
  })

  it('something else that answers there is no host', async () => {
    const path = join(folder, 'other.sock')
    const server = createServer((client) => client.end('220 hello'))
    await new Promise<void>((resolve) => server.listen(path, resolve))
    await expect(queryHost(path)).rejects.toThrow('is no l4 host')
    server.close()
  })
})

describe('l4 netstat', () => {
  const netstat = async (...words: string[]): Promise<{ code: number, out: string, error: string }> => {
    const path = join(folder, 'netstat.sock')
    const control = await openControlSocket(path, () => stats)
    const terminal = new FakeTerminal()
    const code = await run(['netstat', '--control', path, ...words], terminal)
    await control.close()
    return { code, out: terminal.written, error: terminal.complaints }
  }

  it('prints a table', async () => {
    expect((await netstat()).out).toBe([
      'l4  10.9.0.2/24  MTU 1500  up 61.2 s',
      'in 1,234 packets, 97.7 KiB; out 5 packets, 999 B; dropped 2 BadChecksum',
      '',
      'Proto  Recv-Q  Send-Q  Local         Remote           State          Cwnd     RTT  Timers',
      'tcp         0     128  [::]:80       *                LISTEN',
      'tcp         0  65,536  [fd09::2]:80  [fd09::1]:40000  ESTABLISHED  14,480  250 µs  retransmission 200 ms',
      '',
    ].join('\n'))
  })

  it('--json prints what the host says', async () => {
    const { code, out } = await netstat('--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(stats)))
  })

  it('--watch goes on until the host is gone: exit code 7', async () => {
    const path = join(folder, 'watch.sock')
    let asked = 0
    const control = await openControlSocket(path, () => {
      // Closing waits for the answer that is under way.
      if (++asked === 4) void control.close()
      return { ...stats, uptime: asked }
    })
    const terminal = new FakeTerminal()
    const code = await run(['netstat', '--control', path, '--watch', '0.05', '--json'], terminal)
    expect(code).toBe(7)
    // The first query was the control socket's own, before it listened: nobody answered it.
    const uptimes = terminal.written.trim().split('\n').map((line) => (JSON.parse(line) as HostStats).uptime)
    expect(uptimes).toEqual([1, 2, 3, 4])
  })

  it.each(['0', '-1', 'often'])('--watch %s is refused', async (interval) => {
    expect(await netstat(`--watch=${interval}`)).toMatchObject({ code: 2 })
  })
})
