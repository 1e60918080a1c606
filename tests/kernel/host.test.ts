import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { missingCommand } from '../../testing/missing.node.ts'
import { optional } from '../../testing/optional.ts'
import { pseudoRandomBytes } from './_bytes.ts'
import { checksumErrors, Namespace } from './_namespace.ts'
import type { Started } from './_programs.ts'
import { l4, startAndWait } from './_programs.ts'

const curl = optional('curl', missingCommand('curl'), "the kernel's curl against our web server")
const nc = optional('nc', missingCommand('nc'), "the kernel's nc against our echo services")
const ping = optional('ping', missingCommand('ping'), "the kernel's ping against our host")

const BODY = 50_000_000
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

interface Ready { readonly event: string, readonly interface: string, readonly control: string }
interface Stats { readonly drops: Record<string, number>, readonly sockets: readonly { state: string, local: { port: number } }[] }

interface Medium {
  readonly title: string
  readonly words: readonly string[]
  readonly address: string
  /** In a URL. */
  readonly host: string
  /** The bytes of a ping whose packets need fragments both ways; undefined where there are none. */
  readonly large: number
  /** Segments that the kernel counts of us at least: with offload, one may stand for 44. */
  readonly segments: number
}

const media: Medium[] = [
  { title: 'TUN, IPv4', words: ['--address', '10.9.0.2/24'], address: '10.9.0.2', host: '10.9.0.2', large: 4000, segments: 1000 },
  { title: 'TUN, IPv6', words: ['--address', 'fd09::2/64'], address: 'fd09::2', host: '[fd09::2]', large: 1000, segments: 1000 },
  { title: 'TAP, IPv4', words: ['--address', '10.9.0.2/24', '--tap'], address: '10.9.0.2', host: '10.9.0.2', large: 4000, segments: 1000 },
  { title: 'TUN, MTU 576', words: ['--address', '10.9.0.2/24', '--mtu', '576'], address: '10.9.0.2', host: '10.9.0.2', large: 4000, segments: 1000 },
  ...['4', '6'].map((version): Medium => ({
    title: `TUN, IPv${version}, no offload`,
    words: ['--no-offload', '--address', version === '4' ? '10.9.0.2/24' : 'fd09::2/64'],
    address: version === '4' ? '10.9.0.2' : 'fd09::2',
    host: version === '4' ? '10.9.0.2' : '[fd09::2]',
    large: version === '4' ? 4000 : 1000,
    segments: 30_000,
  })),
]

describe.each(media)('the kernel and our host: $title', ({ words, address, host, large, segments }) => {
  let namespace: Namespace
  let running: Started<Ready>
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'l4-kernel-'))
    namespace = new Namespace()
    running = await startAndWait<Ready>(namespace, [...l4, 'host', '--tun', 'l4', ...words, '--control', join(folder, 'control.sock'), '--json'])
  })
  afterAll(async () => {
    await namespace?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  const get = async (path: string, ...more: string[]): Promise<Buffer> => {
    const { code, stdout, stderr } = await namespace.run(['curl', '--silent', '--show-error', '--globoff', ...more, `http://${host}${path}`])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    return stdout
  }

  it('is ready', () => expect(running.ready).toMatchObject({ event: 'ready', interface: 'l4' }))

  test.skipIf(!ping)('ping answers', async () => {
    const { code, stdout } = await namespace.run(['ping', '-n', '-c', '3', '-i', '0.2', '-W', '5', address])
    expect(stdout.toString()).toContain('3 packets transmitted, 3 received, 0% packet loss')
    expect(code).toBe(0)
  })

  test.skipIf(!ping)(`ping answers with ${large} bytes`, async () => {
    const { stdout } = await namespace.run(['ping', '-n', '-c', '2', '-i', '0.2', '-W', '5', '-s', String(large), address])
    expect(stdout.toString()).toContain('2 packets transmitted, 2 received, 0% packet loss')
    expect(stdout.toString()).toContain(`${large + 8} bytes from`)
  })

  test.skipIf(!curl)('curl gets the page', async () => {
    expect((await get('/')).toString()).toMatch(/^<!doctype html>[^]*<\/html>\n$/)
  })

  test.skipIf(!curl)(`curl gets ${BODY / 1e6} MB with the right digest`, async () => {
    const body = await get(`/bytes/${BODY}`)
    expect(body.length).toBe(BODY)
    expect(sha256(body)).toBe(sha256(pseudoRandomBytes(BODY)))
  })

  test.skipIf(!curl)('curl uses one connection for several requests', async () => {
    const { stdout } = await namespace.run([
      'curl', '--silent', '--globoff', '--write-out', '%{num_connects} ', '--output', '/dev/null', '--output', '/dev/null', '--output', '/dev/null',
      `http://${host}/bytes/10`, `http://${host}/bytes/100000`, `http://${host}/nothing`,
    ])
    expect(stdout.toString()).toBe('1 0 0 ')
  })

  test.skipIf(!curl)('eight curls at once get what is theirs', async () => {
    const sizes = [1, 1000, 10_000, 100_000, 1_000_000, 2_000_000, 3_000_000, 4_000_000]
    const bodies = await Promise.all(sizes.map((size) => get(`/bytes/${size}`)))
    const expected = pseudoRandomBytes(4_000_000)
    expect(bodies.map(sha256)).toEqual(sizes.map((size) => sha256(expected.subarray(0, size))))
  })

  test.skipIf(!nc)('nc echoes a megabyte', async () => {
    const sent = pseudoRandomBytes(1_000_000)
    const { code, stdout } = await namespace.run(['nc', '-N', address, '7'], sent)
    expect(code).toBe(0)
    expect(sha256(stdout)).toBe(sha256(sent))
  })

  test.skipIf(!nc)('UDP echo works, with datagrams in fragments too', async () => {
    for (const sent of [new TextEncoder().encode('hello'), pseudoRandomBytes(9000)]) {
      const { stdout } = await namespace.run(['nc', '-u', '-w', '1', address, '7'], sent)
      expect(sha256(stdout)).toBe(sha256(sent))
    }
  })

  test.skipIf(!nc)('daytime tells, discard takes, a port without service refuses', async () => {
    const daytime = await namespace.run(['nc', '-N', address, '13'])
    expect(daytime.stdout.toString()).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n$/)
    const discard = await namespace.run(['nc', '-N', address, '9'], pseudoRandomBytes(1_000_000))
    expect({ ...discard, stdout: String(discard.stdout) }).toEqual({ code: 0, stdout: '', stderr: '' })
    const refused = await namespace.run(['nc', '-v', '-N', address, '8'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('Connection refused')
  })

  test.skipIf(!curl)("checksums: the kernel found none of ours bad, and we none of the kernel's", async () => {
    const counters = namespace.counters()
    expect(checksumErrors(counters)).toEqual({})
    // They were many, and verified.
    expect(counters.get('TcpInSegs')).toBeGreaterThan(segments)
    const stats = JSON.parse((await get('/stats')).toString()) as Stats
    expect(stats.drops).not.toHaveProperty('BadChecksum')
  })

  it('`l4 netstat` tells of its sockets, from outside of the namespace', async () => {
    const outside = new Namespace()
    try {
      const { code, stdout } = await outside.run([...l4, 'netstat', '--control', running.ready.control, '--json'])
      expect(code).toBe(0)
      const { sockets } = JSON.parse(stdout.toString()) as Stats
      expect(sockets.filter(({ state }) => state === 'LISTEN').map(({ local }) => local.port)).toEqual([7, 9, 13, 19, 80, 5201])
    } finally {
      await outside.remove()
    }
  })

  it('SIGINT ends it cleanly: exit code 0, interface and control socket gone', async () => {
    running.child.kill('SIGINT')
    expect(await running.ended).toBe(0)
    expect(running.lines.at(-1)).toEqual({ event: 'stopped', signal: 'SIGINT' })
    expect(() => namespace.ip('link', 'show', 'l4')).toThrow('does not exist')
    expect(existsSync(running.ready.control)).toBe(false)
  })
})

describe('what can go wrong', () => {
  let namespace: Namespace
  beforeAll(() => {
    namespace = new Namespace()
  })
  afterAll(() => namespace?.remove())

  const host: [string, ...string[]] = [...l4, 'host', '--tun', 'l4', '--address', '10.9.0.2/24', '--no-control', '--json']

  it('somebody deletes the interface: exit code 3', async () => {
    const running = await startAndWait<Ready>(namespace, host)
    namespace.ip('link', 'delete', 'l4')
    expect(await running.ended).toBe(3)
  })

  it('the interface is taken: exit code 3', async () => {
    const running = await startAndWait<Ready>(namespace, host)
    const { code, stderr } = await namespace.run(host)
    expect(stderr).toContain('EBUSY')
    expect(code).toBe(3)
    running.child.kill('SIGTERM')
    expect(await running.ended).toBe(0)
  })

  const unprivileged: [string, ...string[]] = ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin']
  const setpriv = optional('setpriv', missingCommand('setpriv'), 'what `l4 host` says without privileges')
  test.skipIf(!setpriv)('no privilege: exit code 5, and what to do', async () => {
    const { code, stderr } = await namespace.run([...unprivileged, ...host])
    expect(code).toBe(5)
    expect(stderr).toContain('`ip tuntap add dev l4 mode tun user NAME`')
  })

  test.skipIf(!setpriv)('an interface made for this user needs no privilege, and is still there afterwards', async () => {
    namespace.ip('tuntap', 'add', 'dev', 'l4', 'mode', 'tun', 'user', String(process.getuid!()))
    namespace.ip('address', 'add', '10.9.0.1/24', 'dev', 'l4')
    namespace.ip('link', 'set', 'l4', 'up')
    const running = await startAndWait<Ready>(namespace, [...unprivileged, ...host, '--no-kernel-address'])
    if (ping) {
      const { stdout } = await namespace.run(['ping', '-n', '-c', '1', '-W', '5', '10.9.0.2'])
      expect(stdout.toString()).toContain('1 received')
    }
    running.child.kill('SIGINT')
    expect(await running.ended).toBe(0)
    expect(namespace.ip('link', 'show', 'l4')).toContain('l4:')
  })
})
