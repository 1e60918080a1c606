import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parsePrefix } from '@layerfour/wire'
import { openControlSocket, queryHost } from '../src/host/control-socket.ts'
import { kernelAddressesBeside } from '../src/host/kernel-address.ts'
import type { HostStats } from '../src/host/stats.ts'
import { run } from '../src/program.ts'
import { FakeTerminal } from './_terminal.ts'

/** Names of the interfaces that were to be opened. The tests need no TUN device: none ever is. */
const opened = vi.hoisted((): string[] => [])
vi.mock('@layerfour/tun', () => ({
  openTun: ({ name }: { name: string }) => {
    opened.push(name)
    throw Object.assign(new Error('not here'), { code: 'ENODEV', syscall: 'open' })
  },
}))

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

describe('arguments of l4 host that make no sense', () => {
  const good = ['--tun', 'l4', '--address', '10.9.0.2/24']
  const name = "expected an interface name of 1 to 15 letters, digits and signs other than '/' and ':'"
  const unicast = "expected one host's, such as 10.9.0.2/24 or fd09::2/64"

  beforeEach(() => opened.splice(0))

  it.each<[words: string[], message: string]>([
    ...['a/b', '', '.', '..', 'a b', 'a:b', 'sixteen-letters-', 'l%s', '%d%d'].map((given): [string[], string] => (
      [['--tun', given, '--address', '10.9.0.2/24'], `--tun is ${JSON.stringify(given)}, ${name}`]
    )),
    [['--tun', 'l4', '--address', '224.0.0.1/24'], `--address is 224.0.0.1/24, a multicast address; ${unicast}`],
    [['--tun', 'l4', '--address', 'ff02::1/64'], `--address is ff02::1/64, a multicast address; ${unicast}`],
    [['--tun', 'l4', '--address', '0.0.0.0/0'], `--address is 0.0.0.0/0, the unspecified address; ${unicast}`],
    [['--tun', 'l4', '--address', '255.255.255.255/32'], `--address is 255.255.255.255/32, a broadcast address; ${unicast}`],
    [['--tun', 'l4', '--address', '10.9.0.255/24'], `--address is 10.9.0.255/24, a broadcast address; ${unicast}`],
    [['--tun', 'l4', '--address', '127.0.0.1/8'], `--address is 127.0.0.1/8, a loopback address; ${unicast}`],
    [[...good, '--address', '10.9.0.2/16'], '--address has 10.9.0.2 twice'],
    [[...good, '--kernel-address', '224.0.0.1/24'], `--kernel-address is 224.0.0.1/24, a multicast address; ${unicast}`],
    [[...good, '--kernel-address', '10.9.0.2/24'], '--kernel-address and --address are both 10.9.0.2, expected two addresses'],
    [[...good, '--gateway', '224.0.0.1'], "--gateway is 224.0.0.1, a multicast address; expected a neighbour's"],
    [[...good, '--gateway', 'fd09::1'], '--gateway is fd09::1, but the host has no IPv6 address'],
    [[...good, '--address', 'fd09::2/64', '--mtu', '1279'], '--mtu is 1279, expected at least 1280 for IPv6 (RFC 8200 §5)'],
    [
      ['--tun', 'l4', '--tap', '--address', 'fd09::2/64'],
      '--address is fd09::2/64, expected IPv4: IPv6 does not run over --tap yet, only without it',
    ],
    [
      [...good, '--tap', '--address', 'fd09::2/64'],
      '--address is fd09::2/64, expected IPv4: IPv6 does not run over --tap yet, only without it',
    ],
    [[...good, '--control', ''], 'control path is empty, expected that of a Unix socket'],
  ])('%j: exit code 2, one line, and no interface is opened', async (words, message) => {
    const terminal = new FakeTerminal()
    const code = await run(['host', ...words], terminal)
    expect({ code, out: terminal.written, error: terminal.complaints }).toEqual({ code: 2, out: '', error: `l4: ${message}\n` })
    expect(opened).toEqual([])
  })

  it.each([
    [good],
    [['--tun', 'l4%d', '--address', 'fd09::2/64', '--mtu', '1280', '--gateway', 'fd09::1']],
    [[...good, '--tap', '--mtu', '68', '--no-kernel-address']],
    [['--tun', 'l4', '--address', '10.9.0.1/31', '--kernel-address', '10.9.0.0/31']],
  ])('%j makes sense: the interface is opened', async (words) => {
    await run(['host', ...words], new FakeTerminal())
    expect(opened).toEqual([words[1]])
  })
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

  it('a name that no host has: says so, and which hosts run', async () => {
    const runtime = process.env['XDG_RUNTIME_DIR']
    process.env['XDG_RUNTIME_DIR'] = folder
    const complaint = async (): Promise<string> => {
      const terminal = new FakeTerminal()
      expect(await run(['netstat', 'nosuchhost'], terminal)).toBe(7)
      return terminal.complaints
    }
    try {
      // Hosts of the machine's own may run too.
      expect(await complaint()).toMatch(/^l4: no host called nosuchhost runs(: `l4 host` starts one|; found: .*)\n$/)
      mkdirSync(join(folder, 'layerfour'))
      const control = await openControlSocket(join(folder, 'layerfour', 'neighbour.sock'), () => stats)
      expect(await complaint()).toMatch(/^l4: no host called nosuchhost runs; found: .*\bneighbour\b.*\n$/)
      await control.close()
    } finally {
      if (runtime === undefined) delete process.env['XDG_RUNTIME_DIR']
      else process.env['XDG_RUNTIME_DIR'] = runtime
    }
  })

  it.each(['0', '-1', 'often'])('--watch %s is refused', async (interval) => {
    expect(await netstat(`--watch=${interval}`)).toMatchObject({ code: 2 })
  })
})
