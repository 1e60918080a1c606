import { describe, expect, it } from 'vitest'
import { openTun, tunAvailable } from '../src/index.ts'
import type { TunMode } from '../src/index.ts'

describe('options that make no sense are refused before anything is opened', () => {
  it.each(['', 'a name', 'sixteen-letters!', 'a/b', 'a:b', '.', '..', 'a%d%d', 'a%s', '%', 'zwölf'])('name %j', (name) => {
    expect(() => openTun({ name })).toThrow(/^expected an interface name of 1 to 15 printable ASCII characters.*got "/)
  })

  it.each([0, 67, 65_536, 1500.5, NaN])('MTU %s', (mtu) => {
    expect(() => openTun({ mtu })).toThrow(new RangeError(`expected an MTU from 68 to 65535, got ${mtu}`))
  })

  it('mode', () => {
    expect(() => openTun({ mode: 'bridge' as TunMode })).toThrow(new TypeError(`expected the mode 'tun' or 'tap', got "bridge"`))
  })

  it('hardware address', () => {
    expect(() => openTun({ mode: 'tap', hardwareAddress: Uint8Array.of(1, 2, 3, 4, 5, 6) })).toThrow(/unicast hardware address/)
    expect(() => openTun({ mode: 'tap', hardwareAddress: new Uint8Array(5) })).toThrow(/6 bytes/)
  })

  const addresses = ['', '10.0.0', '10.0.0.1/33', '10.0.0.1/', '10.0.0.1/x', 'fd00::1/129', 'fd00:::1/64', '1.2.3.4/-1']
  it.skipIf(process.platform !== 'linux').each(addresses)('kernel address %j', (address) => {
    expect(() => openTun({ kernelAddresses: [address] })).toThrow(/^expected an address with prefix length/)
  })
})

describe('tunAvailable', () => {
  it('answers with a sentence or nothing, and never throws', () => {
    const reason = tunAvailable()
    expect(reason === undefined || reason.length > 10).toBe(true)
  })
})
