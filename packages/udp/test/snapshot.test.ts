import { ANY_IPV4, ANY_IPV6, Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { createDatagramInfo } from '../src/index.ts'
import type { UdpEndpoint } from '../src/index.ts'
import { address, GROUP, Host, PEER, US } from './harness.ts'

function receive(endpoint: UdpEndpoint): [text: string | number, sender: number] {
  const into = new Uint8Array(100)
  const info = createDatagramInfo()
  const count = endpoint.receiveFrom(into, 0, into.length, info)
  return [count < 0 ? count : new TextDecoder().decode(into.subarray(0, count)), info.port]
}

/** Another host with another secret; what `endpoint` was, it becomes there. */
function moved(endpoint: UdpEndpoint, host = new Host({ secret: Int32Array.of(9, 8, 7, 6) })): [UdpEndpoint, Host] {
  const copy = host.open()
  expect(copy.restore(endpoint.snapshot())).toBe(0)
  expect(copy.fingerprint()).toBe(endpoint.fingerprint())
  return [copy, host]
}

describe('an endpoint moves to another host', () => {
  test('with the datagrams that wait, in order, and its options, counters and error', () => {
    const old = new Host()
    const endpoint = old.bound(US, 53)
    endpoint.configure({ hopLimit: 9, trafficClass: 4, broadcast: true, dontFragment: true, receiveBuffer: 1000, receiveQueue: 3 })
    for (const [port, text] of [[1000, 'one'], [2000, ''], [3000, 'three'], [4000, 'dropped']] as const) old.arrive(PEER, port, US, 53, text)
    endpoint.state.error = Errno.ECONNREFUSED
    const [copy, host] = moved(endpoint)
    expect(host.udp.takeReady()).toBe(copy)
    expect(copy.options).toEqual(endpoint.options)
    expect(copy.state).toMatchObject({ datagramsIn: 3, drops: 1, localPort: 53 })
    expect([copy, copy, copy, copy, copy].map((from) => receive(from)[0])).toEqual([Errno.ECONNREFUSED, 'one', '', 'three', Errno.EAGAIN])
    // Nothing is shared: the old one still has everything.
    endpoint.takeError()
    expect(receive(endpoint)).toEqual(['one', 1000])
    expect(endpoint.snapshot().queue).toHaveLength(2 * 40 + 5)
  })

  test('a ring that has wrapped gives the same datagrams', () => {
    const old = new Host()
    const endpoint = old.bound(US, 53)
    for (let round = 0; round < 30; round++) {
      old.arrive(PEER, 1000 + round, US, 53, `text ${round}`)
      if (round >= 5) receive(endpoint)
    }
    const [copy] = moved(endpoint)
    for (let round = 25; round < 30; round++) expect(receive(copy)).toEqual([`text ${round}`, 1000 + round])
    expect(receive(copy)[0]).toBe(Errno.EAGAIN)
  })

  test('connected it hears its peer alone, and disconnected everybody at its old address', () => {
    const old = new Host()
    const endpoint = old.bound(ANY_IPV4, 53)
    expect(endpoint.connect(PEER, 77)).toBe(0)
    const [copy, host] = moved(endpoint)
    host.arrive(PEER, 78, US, 53, 'other port')
    host.arrive(PEER, 77, US, 53, 'peer')
    expect([receive(copy), receive(copy)[0]]).toEqual([['peer', 77], Errno.EAGAIN])
    expect(copy.disconnect()).toBe(0)
    host.arrive(PEER, 78, US, 53, 'any port')
    expect(receive(copy)).toEqual(['any port', 78])
    expect(copy.bind(ANY_IPV4, 53)).toBe(Errno.EINVAL)
  })

  test('one that is not bound yet stays so', () => {
    const [copy] = moved(new Host().open({ hopLimit: 3 }))
    expect([copy.localPort, copy.options.hopLimit, copy.bind(US, 9)]).toEqual([0, 3, 0])
  })

  test('of several that share an address the newest receives, as before', () => {
    const old = new Host()
    const sharing = [1, 2, 3].map(() => old.bound(GROUP, 5353, true))
    const snapshots = sharing.map((endpoint) => endpoint.snapshot())
    expect(snapshots.map(({ older }) => older)).toEqual([0, 1, 2])
    const host = new Host()
    const copies = snapshots.map((saved) => {
      const copy = host.open()
      expect(copy.restore(saved)).toBe(0)
      return copy
    })
    expect(copies.map((copy) => copy.fingerprint())).toEqual(sharing.map((endpoint) => endpoint.fingerprint()))
  })

  test('the fingerprint tells states apart', () => {
    const host = new Host()
    const endpoint = host.bound(US, 53)
    const seen = new Set([endpoint.fingerprint()])
    const differs = (change: () => void): void => {
      change()
      const { size } = seen
      expect(seen.add(endpoint.fingerprint()).size).toBe(size + 1)
    }
    differs(() => host.arrive(PEER, 1, US, 53, 'a'))
    differs(() => host.arrive(PEER, 1, US, 53, 'b'))
    differs(() => void receive(endpoint))
    differs(() => endpoint.configure({ trafficClass: 8 }))
    differs(() => endpoint.configure({ dontFragment: true }))
    differs(() => void endpoint.connect(PEER, 9))
    differs(() => { endpoint.state.error = Errno.ECONNREFUSED })
    differs(() => { endpoint.state.datagramsOut += 2 ** 32 })
    expect(endpoint.fingerprint()).toMatch(/^[0-9a-f]{16}$/)
  })

  test('what cannot be had is refused, and nothing is left of it', () => {
    const old = new Host()
    const endpoint = old.bound(US, 53)
    old.arrive(PEER, 1, US, 53, 'text')
    const saved = endpoint.snapshot()
    const host = new Host()
    const copy = host.open()
    expect(copy.restore({ ...saved, bound: address('10.1.1.1') })).toBe(Errno.EADDRNOTAVAIL)
    expect(copy.restore({ ...saved, local: address('10.1.1.1') })).toBe(Errno.EADDRNOTAVAIL)
    const other = host.bound(ANY_IPV6, 53)
    expect(copy.restore(saved)).toBe(Errno.EADDRINUSE)
    expect([host.arena.used, copy.localPort]).toEqual([0, 0])
    other.close()
    const hog = host.arena.allocate(1 << 20)
    expect(copy.restore(saved)).toBe(Errno.ENOBUFS)
    host.arena.free(hog)
    expect([copy.restore(saved), copy.restore(saved)]).toEqual([0, Errno.EINVAL])
    copy.close()
    expect([host.arena.used, copy.restore(saved)]).toEqual([0, Errno.EBADF])
  })
})
