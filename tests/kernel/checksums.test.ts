import { expect, it } from 'vitest'
import { checksumErrors, Namespace } from './_namespace.ts'
import { typescript } from './_programs.ts'

it('the kernel verifies checksums of what comes over TUN: a wrong one is counted', async () => {
  const namespace = new Namespace()
  try {
    const { stdout, stderr } = await namespace.run(typescript('fixtures/damaged-packets.ts'))
    expect(stderr).toBe('')
    expect(JSON.parse(stdout.toString())).toMatchObject({ tcp: 1, udp: 1 })
    expect(checksumErrors(namespace.counters())).toEqual({ TcpInCsumErrors: 1, UdpInCsumErrors: 1 })
  } finally {
    await namespace.remove()
  }
})
