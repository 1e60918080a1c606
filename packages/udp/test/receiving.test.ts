import { DropReason, Errno, formatIpAddress } from '@layerfour/wire'
import { beforeEach, describe, expect, it } from 'vitest'
import { createDatagramInfo, QUEUE_OVERHEAD, UdpReadiness } from '../src/index.ts'
import type { UdpEndpoint } from '../src/index.ts'
import { address, data, datagram, Host, PEER, PEER6, textOf, US, US6 } from './harness.ts'

const ANY = address('0.0.0.0')
const ANY6 = address('::')
const into = new Uint8Array(70_000)
const info = createDatagramInfo()

let host: Host
beforeEach(() => {
  host = new Host()
})

/** Texts of all datagrams that wait. */
function drain(endpoint: UdpEndpoint): string[] {
  const texts: string[] = []
  for (;;) {
    const count = endpoint.receiveFrom(into, 0, into.length, info)
    if (count < 0) return texts
    texts.push(textOf(into.subarray(0, count)))
  }
}

describe('receiving', () => {
  it('a datagram is queued whole, with who sent it and how', () => {
    const endpoint = host.bound(ANY, 53)
    expect(host.arrive(PEER, 5353, US, 53, 'hello')).toBe(DropReason.None)
    expect(endpoint.nextLength).toBe(5)
    expect(endpoint.receiveFrom(into, 100, 200, info)).toBe(5)
    expect(textOf(into.subarray(100, 105))).toBe('hello')
    expect(formatIpAddress(info.address)).toBe('10.0.0.2')
    expect(formatIpAddress(info.destination)).toBe('10.0.0.1')
    expect(info).toMatchObject({ port: 5353, length: 5, truncated: false, hopLimit: 61, trafficClass: 3 })
    expect(endpoint.receiveFrom(into, 0, 10, info)).toBe(Errno.EAGAIN)
    expect(endpoint.nextLength).toBe(-1)
  })

  it('over IPv6 too', () => {
    const endpoint = host.bound(US6, 53)
    expect(host.arrive(PEER6, 5353, US6, 53, 'six')).toBe(DropReason.None)
    expect(endpoint.receiveFrom(into, 0, 10, info)).toBe(3)
    expect(formatIpAddress(info.address)).toBe('fd00::2')
  })

  it('datagrams keep their order and their borders, empty ones too', () => {
    const endpoint = host.bound(ANY, 53)
    for (const text of ['one', '', 'three']) host.arrive(PEER, 1, US, 53, text)
    expect(endpoint.nextLength).toBe(3)
    expect(drain(endpoint)).toEqual(['one', '', 'three'])
  })

  it('what does not fit is cut, told, and gone', () => {
    const endpoint = host.bound(ANY, 53)
    host.arrive(PEER, 1, US, 53, 'abcdef')
    host.arrive(PEER, 1, US, 53, 'next')
    into.fill(0)
    expect(endpoint.receiveFrom(into, 0, 4, info)).toBe(4)
    expect(textOf(into.subarray(0, 5))).toBe('abcd\0')
    expect(info).toMatchObject({ length: 6, truncated: true })
    expect(drain(endpoint)).toEqual(['next'])
    expect(info.truncated).toBe(false)
  })

  it('readiness: news is announced once until it is taken', () => {
    const [a, b] = [host.bound(ANY, 53), host.bound(ANY, 54)]
    expect(host.ready()).toEqual([])
    expect(a.readiness).toBe(UdpReadiness.Writable)
    for (const port of [54, 53, 54]) host.arrive(PEER, 1, US, port, 'x')
    expect(host.ready()).toEqual([b, a])
    expect(host.ready()).toEqual([])
    expect(a.readiness).toBe(UdpReadiness.Writable | UdpReadiness.Readable)
    host.arrive(PEER, 1, US, 53, 'x')
    expect(host.ready()).toEqual([a])
  })

  it('receive never sends', () => {
    host.bound(ANY, 53)
    host.arrive(PEER, 1, US, 53, 'x')
    host.arrive(PEER, 1, US, 54, 'x')
    expect(host.udp.poll(1000)).toBe(Infinity)
    expect(host.network.sent).toEqual([])
  })
})

describe('in the midst of a train of datagrams', () => {
  const arrive = (): number => host.arrive(PEER, 5353, US, 53, 'x')
  /** How many each of them got since the last time. */
  const got = (...endpoints: UdpEndpoint[]): number[] => endpoints.map((endpoint) => drain(endpoint).length)

  it('the one that fits better takes over, and gives back when it closes or disconnects', () => {
    const any = host.bound(ANY, 53)
    arrive()
    const more = host.udp.open() as UdpEndpoint
    expect(more.bind(US, 53)).toBe(Errno.EADDRINUSE)
    any.close()
    expect(arrive()).toBe(DropReason.PortUnreachable)
    expect(more.bind(US, 53)).toBe(0)
    expect(arrive()).toBe(DropReason.None)
    expect(more.connect(PEER, 1)).toBe(0)
    expect(arrive()).toBe(DropReason.PortUnreachable)
    expect(more.connect(PEER, 5353)).toBe(0)
    expect(arrive()).toBe(DropReason.None)
    expect(more.disconnect()).toBe(0)
    expect(arrive()).toBe(DropReason.None)
    expect(got(more)).toEqual([3])
  })

  it('a sharer that comes takes over, and the connected one before it', () => {
    const first = host.udp.open() as UdpEndpoint
    const second = host.udp.open() as UdpEndpoint
    first.bind(ANY, 53, { reuseAddress: true })
    arrive()
    expect(got(first, second)).toEqual([1, 0])
    second.bind(ANY, 53, { reuseAddress: true })
    arrive()
    expect(got(first, second)).toEqual([0, 1])
    first.connect(PEER, 5353)
    arrive()
    expect(got(first, second)).toEqual([1, 0])
    first.close()
    arrive()
    expect(got(second)).toEqual([1])
  })

  it('other ports and addresses are told apart', () => {
    const [a, b] = [host.bound(ANY, 53), host.bound(ANY, 54)]
    const connected = host.bound(ANY, 55)
    connected.connect(PEER, 5353)
    for (let i = 0; i < 2; i++) {
      host.arrive(PEER, 5353, US, 53, '')
      host.arrive(PEER, 5353, US, 54, '')
      expect(host.arrive(PEER, 5353, US, 55, '')).toBe(DropReason.None)
      expect(host.arrive(PEER, 5354, US, 55, '')).toBe(DropReason.PortUnreachable)
      expect(host.arrive(address('10.0.0.3'), 5353, US, 55, '')).toBe(DropReason.PortUnreachable)
    }
    expect(got(a, b, connected)).toEqual([2, 2, 2])
  })
})

describe('what is malformed is dropped with a reason', () => {
  const good = (): Uint8Array => datagram(PEER, 1, US, 53, 'hello')
  beforeEach(() => void host.bound(ANY6, 53))

  it('fewer bytes than a header has', () => {
    for (let length = 0; length < 8; length++) {
      expect(host.arriveBytes(PEER, US, good().subarray(0, length))).toBe(DropReason.Truncated)
    }
  })

  it('a length field below 8, or beyond the packet', () => {
    const bytes = good()
    bytes[5] = 7
    expect(host.arriveBytes(PEER, US, bytes)).toBe(DropReason.BadTotalLength)
    bytes[5] = 14
    expect(host.arriveBytes(PEER, US, bytes)).toBe(DropReason.Truncated)
  })

  it('bytes after the length do not belong to the datagram', () => {
    const endpoint = host.bound(US, 54)
    const bytes = new Uint8Array(30).fill(0xaa)
    bytes.set(datagram(PEER, 1, US, 54, 'hello'))
    expect(host.arriveBytes(PEER, US, bytes)).toBe(DropReason.None)
    expect(drain(endpoint)).toEqual(['hello'])
  })

  it('RFC 768: a wrong checksum', () => {
    for (let at = 0; at < 13; at++) {
      const bytes = good()
      bytes[at]! ^= 0x10
      expect(host.arriveBytes(PEER, US, bytes)).not.toBe(DropReason.None)
    }
    const bytes = good()
    bytes[12]! ^= 1
    expect(host.arriveBytes(PEER, US, bytes)).toBe(DropReason.BadChecksum)
    expect(host.arriveBytes(address('10.0.0.3'), US, good())).toBe(DropReason.BadChecksum)
  })

  it('a checksum that the medium vouches for is not verified', () => {
    const bytes = good()
    bytes[12]! ^= 1
    expect(host.arriveBytes(PEER, US, bytes, { checksumVerified: true })).toBe(DropReason.None)
  })

  it('RFC 768: without a checksum, over IPv4', () => {
    const bytes = good()
    bytes[6] = bytes[7] = 0
    expect(host.arriveBytes(PEER, US, bytes)).toBe(DropReason.None)
  })

  it('RFC 8200 §8.1: over IPv6 there must be a checksum', () => {
    const bytes = datagram(PEER6, 1, US6, 53, 'hello')
    expect(host.arriveBytes(PEER6, US6, bytes)).toBe(DropReason.None)
    bytes[6] = bytes[7] = 0
    expect(host.arriveBytes(PEER6, US6, bytes)).toBe(DropReason.BadChecksum)
  })

  it('port 0 as destination; as source it means that no answer is wanted', () => {
    const endpoint = host.bound(US, 54)
    expect(host.arrive(PEER, 1, US, 0, 'x')).toBe(DropReason.BadPort)
    expect(host.arrive(PEER, 0, US, 54, 'x')).toBe(DropReason.None)
    endpoint.receiveFrom(into, 0, 1, info)
    expect(info.port).toBe(0)
  })

  it('RFC 1122 §4.1.3.1: a port that nobody has', () => {
    expect(host.arrive(PEER, 1, US, 99, 'x')).toBe(DropReason.PortUnreachable)
    expect(host.udp.counters).toMatchObject({ noPorts: 1, inErrors: 0 })
  })

  it('no bytes make it throw', () => {
    let state = 1
    for (let round = 0; round < 3000; round++) {
      const bytes = Uint8Array.from({ length: round % 40 }, () => (state = Math.imul(state, 48_271) & 0x7fffffff) >> 8)
      bytes.set(Uint8Array.of(0, 53, 0, bytes.length).subarray(0, Math.max(0, bytes.length - 2)), 2 % (bytes.length || 1))
      host.arriveBytes(PEER, US, bytes, { checksumVerified: round % 2 === 0 })
      host.udp.icmp(4, 0, metaFrom(), bytes, 0, bytes.length, 0)
    }
    expect(host.udp.counters.inErrors).toBeGreaterThan(0)
  })
})

function metaFrom(): Parameters<Host['udp']['icmp']>[2] {
  return {
    source: { ...US }, destination: { ...PEER }, protocol: 17, hopLimit: 0, trafficClass: 0, interfaceIndex: 0,
    checksumVerified: false, dontFragment: false, segmentSize: 0,
  }
}

describe('the queue is bounded', () => {
  it('datagrams come out as they went in, wherever the end of the ring falls', () => {
    const endpoint = host.bound(ANY, 53)
    const waiting: string[] = []
    for (let size = 0; size < 300; size++) {
      const text = String(size).padEnd(size % 67, '.')
      expect(host.arrive(PEER, 1 + size, US, 53, text)).toBe(DropReason.None)
      waiting.push(text)
      if (waiting.length < 4) continue
      const expected = waiting.shift()!
      expect(endpoint.nextLength).toBe(expected.length)
      expect(textOf(into.subarray(0, endpoint.receiveFrom(into, 0, into.length, info)))).toBe(expected)
      expect(info).toMatchObject({ port: 1 + Number.parseInt(expected), address: PEER, destination: US, hopLimit: 61, trafficClass: 3 })
    }
  })

  it('in bytes: data and QUEUE_OVERHEAD for each', () => {
    const endpoint = host.open({ receiveBuffer: 3 * (QUEUE_OVERHEAD + 10) })
    endpoint.bind(ANY, 53)
    const send = (): DropReason => host.arrive(PEER, 1, US, 53, '0123456789')
    expect([send(), send(), send(), send()]).toEqual([0, 0, 0, DropReason.ReceiveQueueFull])
    expect(endpoint.state.drops).toBe(1)
    expect(host.udp.counters).toMatchObject({ datagramsIn: 3, inErrors: 1 })
    endpoint.receiveFrom(into, 0, 10, info)
    expect([send(), send()]).toEqual([0, DropReason.ReceiveQueueFull])
  })

  it('in datagrams', () => {
    const endpoint = host.open({ receiveQueue: 2 })
    endpoint.bind(ANY, 53)
    const send = (): DropReason => host.arrive(PEER, 1, US, 53, '')
    expect([send(), send(), send()]).toEqual([0, 0, DropReason.ReceiveQueueFull])
    endpoint.configure({ receiveQueue: 3 })
    expect([send(), send()]).toEqual([0, DropReason.ReceiveQueueFull])
  })

  it('the largest datagram fits into the default queue', () => {
    const endpoint = host.bound(ANY6, 53)
    expect(host.arrive(PEER6, 1, US6, 53, 'x'.repeat(65_527))).toBe(DropReason.None)
    expect(endpoint.receiveFrom(into, 0, into.length, info)).toBe(65_527)
  })

  it('in the arena: when that is full the datagram is dropped, and nothing else happens', () => {
    const endpoint = host.bound(ANY, 53)
    host.arrive(PEER, 1, US, 53, 'first')
    const taken: number[] = []
    for (let size = host.arena.capacity; size >= 256; size >>= 1) {
      for (let offset = host.arena.allocate(size); offset >= 0; offset = host.arena.allocate(size)) taken.push(offset)
    }
    expect(host.arrive(PEER, 1, US, 53, 'x'.repeat(5000))).toBe(DropReason.OutOfMemory)
    expect(host.arrive(PEER, 1, US, 53, 'third')).toBe(DropReason.None)
    for (const offset of taken) host.arena.free(offset)
    expect(drain(endpoint)).toEqual(['first', 'third'])
    expect(endpoint.state.drops).toBe(1)
  })

  it('memory is taken as datagrams arrive, given back after a burst, and all of it by close()', () => {
    const endpoint = host.bound(ANY, 53)
    expect(host.arena.used).toBe(0)
    host.arrive(PEER, 1, US, 53, 'x')
    expect(host.arena.used).toBe(1024)
    for (let i = 0; i < 20; i++) host.arrive(PEER, 1, US, 53, 'x'.repeat(1000))
    expect(host.arena.used).toBe(32_768)
    drain(endpoint)
    expect(host.arena.used).toBe(0)
    host.arrive(PEER, 1, US, 53, 'x')
    drain(endpoint)
    expect(host.arena.used).toBe(1024)
    host.arrive(PEER, 1, US, 53, 'x')
    endpoint.close()
    expect(host.arena.used).toBe(0)
  })
})

describe('misuse throws', () => {
  it('a range outside the bytes', () => {
    const endpoint = host.bound(ANY, 53)
    host.arrive(PEER, 1, US, 53, 'x')
    expect(() => endpoint.receiveFrom(data('abc'), 0, 4, info)).toThrow(new RangeError('got the range [0, 4), expected one within 3 bytes'))
    expect(() => endpoint.receiveFrom(data('abc'), 2, 1, info)).toThrow(RangeError)
    expect(() => endpoint.sendTo(data('abc'), -1, 1, PEER, 1, 0)).toThrow(RangeError)
    expect(endpoint.nextLength).toBe(1)
  })
})
