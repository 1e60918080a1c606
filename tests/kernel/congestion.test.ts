import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { missingCommand } from '../../testing/missing.node.ts'
import { optional } from '../../testing/optional.ts'
import { pseudoRandomBytes } from './_bytes.ts'
import { iperf3 } from './_iperf3.ts'
import { checksumErrors, Namespace } from './_namespace.ts'
import { l4, startAndWait } from './_programs.ts'

const present = optional('iperf3', missingCommand('iperf3'), 'which congestion control the kernel uses')
const curl = optional('curl', missingCommand('curl'), "what the kernel's curl gets under each congestion control")
const nc = optional('nc', missingCommand('nc'), "what the kernel's nc sends and gets back under each congestion control")

const BYTES = 20_000_000
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Why the kernel has no such congestion control, or undefined when it has. A route that asks for it loads its module. */
async function missingCongestionControl(name: string): Promise<string | undefined> {
  const namespace = new Namespace()
  try {
    namespace.ip('route', 'add', '192.0.2.1', 'dev', 'lo', 'congctl', name)
    return undefined
  } catch {
    const path = '/proc/sys/net/ipv4/tcp_available_congestion_control'
    return `the kernel has ${readFileSync(path, 'latin1').trim().split(' ').join(', ')}`
  } finally {
    await namespace.remove()
  }
}

const congestionControls: { name: string, usable: boolean }[] = []
for (const name of ['reno', 'cubic', 'bbr']) {
  congestionControls.push({ name, usable: optional(`tcp_${name}`, await missingCongestionControl(name), `the kernel with ${name}`) })
}

describe.skipIf(!present).each(congestionControls)('the kernel has $name', ({ name, usable }) => {
  const path = { ours: '10.9.0.2', kernels: '10.9.0.1' }
  let namespace: Namespace

  beforeAll(async () => {
    if (!usable) return
    namespace = new Namespace()
    await startAndWait(namespace, [...l4, 'host', '--tun', 'l4', '--address', `${path.ours}/24`, '--no-control', '--json'])
    // A namespace may set only some as its default (net.ipv4.tcp_allowed_congestion_control); a route may have any.
    namespace.ip('route', 'replace', path.ours, 'dev', 'l4', 'src', path.kernels, 'congctl', name)
  })
  afterAll(() => namespace?.remove())

  test.skipIf(!usable).each([1, 8])('and sends to us, streams: %i; all of it arrives', async (streams) => {
    const { code, report } = await iperf3(namespace, path.ours, '--bytes', String(BYTES), '--parallel', String(streams))
    expect(report.error).toBeUndefined()
    expect(code).toBe(0)
    expect(report.end.sender_tcp_congestion).toBe(name)
    expect(report.end.sum_sent!.bytes).toBeGreaterThanOrEqual(BYTES)
    expect(report.end.sum_received!.bytes).toBe(report.end.sum_sent!.bytes)
  })

  test.skipIf(!usable).each([1, 8])('and receives from us, streams: %i; all of it arrives', async (streams) => {
    const { code, report } = await iperf3(namespace, path.ours, '--bytes', String(BYTES), '-R', '--parallel', String(streams))
    expect(report.error).toBeUndefined()
    expect(code).toBe(0)
    expect(report.end.receiver_tcp_congestion).toBe(name)
    expect(report.end.sum_sent!.bytes).toBe(BYTES)
    expect(report.end.sum_received!.bytes).toBe(BYTES)
  })

  test.skipIf(!usable || !curl)('and receives from us: curl gets 20 MB with the right digest', async () => {
    const { code, stdout, stderr } = await namespace.run(['curl', '--silent', '--show-error', `http://${path.ours}/bytes/${BYTES}`])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(sha256(stdout)).toBe(sha256(pseudoRandomBytes(BYTES)))
  })

  test.skipIf(!usable || !nc)('and sends to us and receives at once: nc gets back the 5 MB that it sends', async () => {
    const sent = pseudoRandomBytes(5_000_000)
    const { code, stdout } = await namespace.run(['nc', '-N', path.ours, '7'], sent)
    expect(code).toBe(0)
    expect(sha256(stdout)).toBe(sha256(sent))
  })

  it.skipIf(!usable)('the kernel found no checksum of ours bad', () => {
    expect(checksumErrors(namespace.counters())).toEqual({})
  })
})
