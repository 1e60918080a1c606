import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { execFileSync, spawnSync } from 'node:child_process'
import { afterAll, describe, expect, it, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { explain } from '../src/cli-error.ts'
import { run } from '../src/program.ts'
import type { TransferSummary } from '../src/transfer/summary.ts'
import { optional } from '../../../testing/optional.ts'
import { root, runtimes } from './_runtimes.ts'
import { FakeTerminal } from './_terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'l4-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Outcome { readonly code: number, readonly out: string, readonly error: string }

async function l4(line: string, terminal = new FakeTerminal()): Promise<Outcome> {
  const code = await run(line.split(' ').filter((word) => word !== ''), terminal)
  return { code, out: terminal.written, error: terminal.complaints }
}

describe('exit codes', () => {
  it.each([
    ['0, help', '--help', 0],
    ['0, the help command', 'help', 0],
    ['0, version', '--version', 0],
    ['0, a transfer', 'transfer --size 10kB', 0],
    ['2, nothing to do', '', 2],
    ['2, no such command', 'trasnfer', 2],
    ['2, no such option', 'transfer --lose 1%', 2],
    ['2, a figure that makes no sense', 'transfer --rate fast', 2],
    ['2, two sources', 'transfer file --size 1', 2],
    ['2, an MTU too small for IPv6', 'transfer --ipv6 --mtu 576', 2],
    ['2, a buffer too small', 'transfer --buffer 1', 2],
    ['2, no such congestion control', 'transfer --congestion hybla', 2],
    ['2, a window of no segments', 'transfer --congestion fixed:0', 2],
    ['2, a host with no such congestion control', 'host --tun l4 --address 10.9.0.2/24 --congestion hybla', 2],
    ['2, an iperf3 client with no such congestion control', 'iperf3 10.9.0.1 --tun l4 --address 10.9.0.2/24 -C hybla', 2],
    ['2, a host without address', 'host --tun l4', 2],
    ['2, an address without prefix length', 'host --tun l4 --address 10.9.0.2', 2],
    ['2, help with a word too many', 'help transfer extra', 2],
    ['2, help for no command', 'help trasnfer', 2],
    ['2, a transfer with a word too many', 'transfer file extra', 2],
    ['2, a host with a word too many', 'host --tun l4 --address 10.9.0.2/24 extra', 2],
    ['2, an iperf3 server without address', 'iperf3 --tun l4 --address 10.9.0.2/24', 2],
    ['2, an iperf3 server that is a name', 'iperf3 localhost --tun l4 --address 10.9.0.2/24', 2],
    ['2, an iperf3 client without interface', 'iperf3 10.9.0.1', 2],
    ['2, two directions', 'iperf3 10.9.0.1 --tun l4 --address 10.9.0.2/24 --reverse --bidir', 2],
    ['2, a time and an amount', 'iperf3 10.9.0.1 --tun l4 --address 10.9.0.2/24 --time 1 --bytes 1', 2],
    ['2, a name and a path', 'netstat l4 --control /tmp/x', 2],
    ['3, no such file', 'transfer /no/such/file', 3],
    ['3, a folder', 'transfer /', 3],
    ['3, a capture that cannot be written', 'transfer --size 1 --pcap /no/such/folder/x.pcapng', 3],
    ['6, a link that loses everything', 'transfer --size 1 --loss 100%', 6],
    ['7, no host at that path', 'netstat --control /no/such/socket', 7],
    ['7, no host of that name', 'netstat nosuchhost', 7],
  ])('%s', async (_, line, code) => {
    const outcome = await l4(line)
    expect(outcome.code).toBe(code)
    // Who asked for something gets it on stdout; complaints go to stderr.
    expect(outcome[code === 0 ? 'out' : 'error']).not.toBe('')
    if (code === 0) expect(outcome.error).toBe('')
  })

  it('5: what the system forbids', () => {
    for (const code of ['EPERM', 'EACCES']) {
      expect(explain(Object.assign(new Error('no'), { code, syscall: 'open' }))).toEqual({ message: 'no', exitCode: 5 })
    }
  })

  it('1: a fault of ours says where', () => {
    const { message, exitCode } = explain(new TypeError('oops'))
    expect(exitCode).toBe(1)
    expect(message).toContain('internal error: TypeError: oops')
  })
})

describe('help', () => {
  it.each(['transfer', 'host', 'netstat', 'iperf3'])('`l4 %s --help` has examples', async (command) => {
    const { out } = await l4(`${command} --help`)
    expect(out).toContain('Examples:')
    expect(out).toContain(`l4 ${command}`)
  })

  it('`l4 help COMMAND` is `l4 COMMAND --help`; nothing may follow', async () => {
    expect(await l4('help transfer')).toEqual(await l4('transfer --help'))
    expect((await l4('help')).out).toBe((await l4('--help')).out)
    const { out, error } = await l4('help transfer extra')
    expect(out).toBe('')
    expect(error).toContain("too many arguments for 'help'. Expected 1 argument but got 2: transfer, extra.")
    expect((await l4('help trasnfer')).error).toContain("unknown command 'trasnfer'")
  })

  it('`l4 --help` lists commands and exit codes', async () => {
    const { out } = await l4('--help')
    for (const part of ['transfer', 'host', 'netstat', 'Exit codes:', '  4  the digests of both sides differ']) expect(out).toContain(part)
  })

  it('what is wrong with an option is said, and what was expected', async () => {
    const { error } = await l4('transfer --loss 1')
    expect(error).toContain("'--loss <probability>' argument '1' is invalid. Expected a unit: 1% for one in a hundred, 100% for always.")
  })

  it('every congestion control is in the help, and in the complaint about one that is none', async () => {
    const names = 'cubic, newreno, reno, tahoe, vegas, bbr, dctcp, or fixed:SEGMENTS'
    for (const command of ['transfer', 'host', 'iperf3']) {
      expect((await l4(`${command} --help`)).out.replaceAll(/\s+/g, ' ')).toContain(`congestion control: ${names}`)
    }
    const { error } = await l4('transfer --congestion hybla')
    expect(error).toContain(`'--congestion <name>' argument 'hybla' is invalid. Expected ${names}`)
  })

  it('the version is that of the package', async () => expect((await l4('--version')).out).toBe(`${manifest.version}\n`))
})

describe('l4 transfer', () => {
  it('prints the handshake, the close and what came of it', async () => {
    const { out } = await l4('transfer --size 100kB --loss 0 --reorder 0')
    for (const part of [
      'RFC 864 pattern, 97.7 KiB, from 10.0.0.1 to 10.0.0.2:5001',
      '10.0 Mbit/s, 5 ms each way, queue 100 packets, MTU 1500, seed 1',
      '\nHandshake\n      0.000 ms  client           CLOSED → SYN-SENT  active open\n',
      '5.048 ms  server → client  <SYN,ACK>     seq 0, ack 1, win ',
      '\nClose\n',
      'TIME-WAIT → CLOSED  timeout\n',
      '\nResult\nbytes             100,000 sent, 100,000 received\n',
      ' equal on both sides\n',
      "% of the link's 10.0 Mbit/s\n",
      'retransmissions   0 of 72 segments (0 fast retransmits, 0 timeouts)\n',
      'RTT               ',
      'congestion        cubic: largest cwnd ',
      'link drops        client → server 0 lost, 0 by the queue, 0 reordered of ',
      'host drops        client none; server none\n',
    ]) expect(out).toContain(part)
    // eslint-disable-next-line no-control-regex
    expect(out).not.toMatch(/\x1b/)
  })

  it('--congestion and --pacing are used, and told in the result', async () => {
    const { out } = await l4('transfer --size 300kB --congestion vegas --pacing')
    expect(out).toContain('congestion        vegas, paced: largest cwnd ')
    expect(out).not.toBe((await l4('transfer --size 300kB --congestion vegas')).out)
  })

  it('--trace tells what congestion control does, in words, and its window when that changes', async () => {
    const { out } = await l4('transfer --size 300kB --loss 2% --reorder 0 --congestion reno --trace')
    const lines = out.split('\n')
    expect(lines).toContain('     10.096 ms  client           cwnd 1,448, ssthresh 65,536, in flight 0, slow-start')
    for (const words of ['loss found, recovery begins', 'recovery ends', 'slow-start', 'congestion-avoidance, recovery']) expect(out).toContain(words)
    const windows = lines.filter((line) => line.includes(' client  ') && line.includes(' cwnd ')).map((line) => line.replace(/^.* cwnd/, 'cwnd'))
    const shown = windows.map((line) => line.replace(/in flight [\d,]+/, ''))
    expect(windows.length).toBeGreaterThan(30)
    expect(shown.filter((line, i) => line === shown[i - 1])).toEqual([])
  })

  it('sends a file', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, 'a few bytes')
    const digest = createHash('sha256').update('a few bytes').digest('hex')
    expect((await l4(`transfer ${file}`)).out).toContain(`11 sent, 11 received\nSHA-256           ${digest} equal on both sides\n`)
  })

  it('a missing file, a folder: what could not be done, why, and what helps', async () => {
    expect((await l4('transfer /no/such/file')).error).toBe(
      'l4: cannot read /no/such/file: no such file or directory; without FILE, or with --size 1MiB, `l4 transfer` sends bytes of its own\n',
    )
    expect((await l4(`transfer ${folder}`)).error).toBe(`l4: cannot read ${folder}: it is a directory, expected a file\n`)
  })

  it('--pcap on a folder, or in none', async () => {
    expect(await l4(`transfer --size 1 --pcap ${folder}`)).toMatchObject({
      code: 3,
      error: `l4: cannot write the capture to ${folder}: it is a directory; expected a file in it, such as ${join(folder, 'run.pcapng')}\n`,
    })
    expect((await l4('transfer --size 1 --pcap /no/such/x.pcapng')).error).toBe(
      'l4: cannot write the capture to /no/such/x.pcapng: no such file or directory; the folder must exist\n',
    )
  })

  it('RFC 5952 §6: IPv6 addresses of both ends stand in brackets', async () => {
    expect((await l4('transfer -6 --size 1')).out).toContain(', from [fd00::1] to [fd00::2]:5001\n')
  })

  it('RFC 7323 §5: says what PawsRejected is, when there were any', async () => {
    const words = '\n                  PawsRejected: late ACKs or data that newer segments overtook on the way; their timestamps are old\n'
    const { out } = await l4('transfer --size 1MB --reorder 5%')
    expect(out).toMatch(/host drops {8}client \d+ PawsRejected/)
    expect(out).toContain(words)
    expect((await l4('transfer --size 10kB --loss 0 --reorder 0')).out).not.toContain('PawsRejected')
  })

  it('--json: one object, nothing else', async () => {
    const { out, error } = await l4('transfer --size 100kB --json')
    expect(error).toBe('')
    const summary = JSON.parse(out) as TransferSummary
    expect(summary).toMatchObject({ bytes: { sent: 100_000, received: 100_000 }, sha256: { equal: true }, capture: null })
    expect(summary.events[0]).toMatchObject({ type: 'state', host: 'client', to: 'SYN-SENT' })
  })

  it('--json tells of a failure too, and the exit code stays', async () => {
    const { code, out } = await l4('transfer --size 1 --loss 100% --json')
    expect(code).toBe(6)
    expect(JSON.parse(out)).toMatchObject({ errors: { client: 'ETIMEDOUT', server: null }, goodput: null })
  })

  it('--pcap: where, how much, and its digest', async () => {
    const file = join(folder, 'run.pcapng')
    const { out } = await l4(`transfer --size 10kB --pcap ${file}`)
    expect(out).toMatch(/capture {11}\S*run\.pcapng, \d+ packets, [\d.]+ KiB\nSHA-256 {11}[0-9a-f]{64} of the capture\n/)
    expect(readFileSync(file).readUInt32LE(0)).toBe(0x0a0d0d0a)
  })

  it('a progress bar on a terminal, which is gone at the end', async () => {
    const { error } = await l4('transfer --size 3MB', new FakeTerminal({ interactive: true, colours: true }))
    expect(error).toContain('━')
    expect(error.endsWith('\r\x1b[K')).toBe(true)
  })

  it('colours on a terminal', async () => {
    const { out } = await l4('transfer --size 1', new FakeTerminal({ colours: true }))
    expect(out).toContain('\x1b[32mESTABLISHED\x1b[39m')
  })
})

describe('as a process, from its sources', () => {
  const [program, ...words] = runtimes.node ?? []
  const node = optional('Node', runtimes.node ? undefined : 'not installed here', '`l4` as a process')
  const environment = (more: Record<string, string>): NodeJS.ProcessEnv => ({ ...process.env, FORCE_COLOR: '', NO_COLOR: '', ...more })

  test.skipIf(!node)('`npm start` runs it: 10 MiB arrive', () => {
    const start = (JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: { start: string } }).scripts.start
    expect(start).toBe('node --conditions=@layerfour/source apps/cli/src/main.ts transfer')
    const out = execFileSync(program!, start.split(' ').slice(1), { cwd: root, encoding: 'utf8' })
    expect(out).toContain('samples/chargen.txt, 10.0 MiB')
    expect(out).toContain('loss 1 %, reorder 1 %')
    expect(out).toContain('10,485,760 sent, 10,485,760 received')
    expect(out).toContain('0a27890cce2d811d248b15176fd162a9650570a8c8666d845f834dc6e1e15179 equal on both sides')
  })

  test.skipIf(!node)('its exit code is the command\'s', () => {
    expect(spawnSync(program!, [...words, 'transfer', '/no/such/file']).status).toBe(3)
  })

  test.skipIf(!node)('no colours into a pipe, unless FORCE_COLOR asks for them; never with NO_COLOR', () => {
    const colours = (more: Record<string, string>): boolean =>
      execFileSync(program!, [...words, 'transfer', '--size', '1'], { encoding: 'utf8', env: environment(more), stdio: ['ignore', 'pipe', 'ignore'] }).includes('\x1b[')
    expect(colours({})).toBe(false)
    expect(colours({ FORCE_COLOR: '1' })).toBe(true)
    expect(colours({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
  })

  const full = optional('/dev/full', existsSync('/dev/full') ? undefined : 'not on this system', 'output that cannot be written')

  describe.each(['node', 'deno', 'bun'] as const)('%s', (name) => {
    const runtime = optional(name, runtimes[name] ? undefined : 'not installed here', 'output that cannot be written')

    test.skipIf(!runtime || !full)('output that cannot be written: exit code 3 and one line', () => {
      const line = [...runtimes[name]!, 'transfer', '--size', '10kB']
      const { stderr, status } = spawnSync('sh', ['-c', `"$@" > /dev/full`, 'sh', ...line], { encoding: 'utf8' })
      expect({ stderr, status }).toEqual({ stderr: 'l4: cannot write the output: no space left on the device\n', status: 3 })
    })
  })

  test.skipIf(!node)('a reader that has had enough ends it without a complaint', () => {
    const { stderr, status } = spawnSync('sh', ['-c', `"$@" | head -n 1`, 'sh', program!, ...words, 'transfer', '--size', '1MB', '--trace'], { encoding: 'utf8' })
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  })
})
