import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { optional } from '../../../testing/optional.ts'
import { tunAvailable } from '../src/index.ts'
import { Namespace, namespacesUnavailable, runtimes } from './_namespace.ts'

const present = optional('TUN', tunAvailable() ?? namespacesUnavailable(), 'interfaces of a network namespace')

const scenarios = fileURLToPath(new URL('fixtures/scenarios.ts', import.meta.url))
const withoutNetAdmin = ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin']
const containing = (part: string): unknown => expect.stringContaining(part)
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern)
let serial = 0

describe.skipIf(!present).each(Object.entries(runtimes))('in %s', (_, runtime) => {
  let namespace: Namespace
  beforeEach(() => {
    namespace = new Namespace(`l4tun-${process.pid}-${serial++}`)
  })
  afterEach(() => namespace.remove())

  const run = async (scenario: string, prefix: readonly string[] = []): Promise<unknown> =>
    (await namespace.run([...prefix, ...runtime, scenarios, scenario]))[0]

  it('a tun carries IPv4 and IPv6 packets both ways, and the kernel finds their checksums right', async () => {
    expect(await run('tun')).toEqual({
      name: 'one0',
      mode: 'tun',
      medium: 'ip',
      mtu: 1500,
      mac: 0,
      offload: { transmit: false, receive: false },
      v4: 7,
      v6: 3,
      addresses: ['10.9.0.1/24', '10.9.7.7/32', 'fd09::1/64'],
    })
  })

  it('a tap carries Ethernet frames both ways, from a random hardware address of its own', async () => {
    expect(await run('tap')).toEqual({ medium: 'ethernet', mtu: 9000, localUnicast: true, length: 6, answers: 8 })
  })

  it('with offload, the kernel leaves checksums incomplete and completes ours, which it finds right', async () => {
    const offload = { transmit: true, receive: false, segmentation: 65_535 }
    expect(await run('offload')).toEqual([{ offload, v4: 7, v6: 3 }, 'tun', { offload, v4: 7, v6: 3 }, 'tap'])
  })

  it('the largest IP packet passes, 65,535 bytes', async () => expect(await run('largest packet')).toBe(1))

  it('two interfaces work side by side, and closing one leaves the other alone', async () => {
    expect(await run('two interfaces')).toEqual([50, 50, 50, 2])
  })

  it('a burst longer than one read turn arrives whole', async () => expect(await run('burst')).toBe(400))

  it('packets may lie in shared and in resizable memory', async () => expect(await run('shared memory')).toEqual([7, 7]))

  it('close() settles, twice is once, and the interface vanishes', async () => {
    expect(await run('close')).toEqual({ before: true, after: false, transmit: true })
  })

  it('close() inside a receiver: not one packet more', async () => expect(await run('close in receiver')).toBe(1))

  it('a process whose interfaces are all closed ends', async () => expect(await run('close at once, open again')).toBe('done'))

  it('an open interface keeps the process running until process.exit(), which does not hang', async () => {
    await expect(run('exit')).rejects.toMatchObject({ code: 3, stdout: '"open"\n"left"\n' })
  })

  it('an interface that somebody deletes ends with an error in `closed`', async () => {
    expect(await run('deleted')).toEqual({
      isTunError: true,
      syscall: 'read',
      message: matching(/^interface victim is gone: somebody deleted it/),
    })
  })

  it('an interface that is down loses packets, and works again when it is up', async () => {
    expect(await run('taken down')).toEqual({ whileDown: true, answers: 7 })
  })

  it('EBUSY: an interface that is open already', async () => {
    expect(await run('busy')).toMatchObject({ code: 'EBUSY', errno: -16, syscall: 'ioctl(TUNSETIFF)', message: /another process/ })
  })

  it('EINVAL: an interface of another kind', async () => {
    const refused = { code: 'EINVAL', message: matching(/no TUN interface; choose another name or mode/) }
    expect(await run('mismatch')).toMatchObject([refused, refused, refused])
  })

  it('EPERM: without CAP_NET_ADMIN the error says what to do', async () => {
    expect(await run('unprivileged', withoutNetAdmin)).toMatchObject({
      available: containing('CAP_NET_ADMIN'),
      failure: { code: 'EPERM', errno: -1, message: containing('`ip tuntap add dev mine mode tun user NAME`') },
    })
  })

  it('without CAP_NET_ADMIN an interface made for this user works, as it is', async () => {
    namespace.ip('tuntap', 'add', 'dev', 'ours', 'mode', 'tun', 'user', String(process.getuid!()))
    namespace.ip('address', 'add', '10.9.0.1/24', 'dev', 'ours')
    namespace.ip('link', 'set', 'ours', 'mtu', '1480', 'up')
    expect(await run('prepared', withoutNetAdmin)).toMatchObject({
      available: [containing('CAP_NET_ADMIN'), null],
      mtu: 1480,
      answers: 7,
      change: { code: 'EPERM', syscall: 'ioctl(SIOCSIFMTU)' },
      offloading: [65_535, 7],
    })
  })

  it('ENOENT: without /dev/net/tun the error says what to do', async () => {
    const emptied = ['sh', '-c', 'mount -t tmpfs none /dev/net && exec "$@"', 'sh']
    expect(await run('missing', emptied)).toMatchObject({
      available: containing('modprobe tun'),
      failure: { code: 'ENOENT', errno: -2, syscall: 'open', message: containing('--device /dev/net/tun') },
    })
  })

  it('without koffi the error says what to install', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'l4tun-'))
    try {
      const own = fileURLToPath(new URL('..', import.meta.url))
      for (const part of ['src', 'test']) cpSync(join(own, part), join(copy, part), { recursive: true })
      const output = await namespace.run([...runtime, join(copy, 'test/fixtures/scenarios.ts'), 'available'])
      expect(output[0]).toMatch(/npm install koffi.*ENOTSUP/)
    } finally {
      rmSync(copy, { recursive: true })
    }
  })
})
