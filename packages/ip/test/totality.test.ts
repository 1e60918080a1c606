import fc from 'fast-check'
import { createIpv4Header, createIpv6Header, DropReason, readIpv4, readIpv6 } from '@layerfour/wire'
import { expect, test } from 'vitest'
import { Host } from './support/host.ts'
import { arp, concat, ethernet, fragment6, hex, icmp4, icmp6, ipv4, ipv6, pattern } from './support/packets.ts'

const US = '02:00:00:00:00:01'
const PEER = '02:00:00:00:00:02'
const ADDRESSES = ['10.0.0.1/24', '2001:db8::1/64']
const NO_REST = new Uint8Array(4)

/** Packets from which mutation gets to every corner. */
const seeds: Uint8Array[] = [
  ipv4({}, pattern(40)),
  ipv4({ protocol: 132, trafficClass: 3 }, pattern(40)),
  ipv4({ protocol: 1 }, icmp4(8, 0, hex('00010002'), pattern(30))),
  ipv4({ protocol: 1 }, icmp4(3, 4, hex('00000400'), ipv4({ source: '10.0.0.1', protocol: 6 }, pattern(20)))),
  ipv4({ moreFragments: true, identification: 1 }, pattern(32)),
  ipv4({ fragmentOffset: 32, identification: 1 }, pattern(32)),
  ipv4({ fragmentOffset: 65_528, identification: 1 }, pattern(8)),
  ipv4({ destination: '255.255.255.255' }, pattern(20)),
  ipv6({}, pattern(40)),
  ipv6({ protocol: 0 }, concat(hex('3c 00 01 04 00000000'), hex('11 01 be 04 00000000'), pattern(16))),
  ipv6({ protocol: 43 }, concat(hex('11 00 00 01 00000000'), pattern(16))),
  ipv6({ protocol: 44 }, fragment6(17, 0, true, 1, pattern(32))),
  ipv6({ protocol: 44 }, fragment6(17, 32, false, 1, pattern(30))),
  ipv6({ protocol: 58 }, icmp6(128, 0, NO_REST, pattern(30))),
  ipv6({ protocol: 58 }, icmp6(2, 0, hex('00000400'), ipv6({ source: '2001:db8::1', protocol: 6 }, pattern(20)))),
]
const frames: Uint8Array[] = [
  ...seeds.map((packet) => ethernet(US, PEER, packet[0]! >> 4 === 4 ? 0x0800 : 0x86dd, packet)),
  ethernet('ff:ff:ff:ff:ff:ff', PEER, 0x0806, arp(1, PEER, '10.0.0.2', US, '10.0.0.1')),
  ethernet(US, PEER, 0x0806, arp(2, PEER, '10.0.0.2', US, '10.0.0.1')),
]

const mutation = fc.record({ at: fc.nat(200), value: fc.nat(255) })
const mutant = (from: Uint8Array[]): fc.Arbitrary<Uint8Array> => fc.tuple(
  fc.constantFrom(...from), fc.array(mutation, { maxLength: 4 }), fc.option(fc.nat(120)),
).map(([seed, mutations, cut]) => {
  const bytes = seed.slice(0, cut ?? seed.length)
  for (const { at, value } of mutations) if (at < bytes.length) bytes[at] = value
  return bytes
})

/** Whatever was received: no throw, memory back after the timers, and everything sent well-formed and within the MTU. */
function check(host: Host, packets: Uint8Array[], ethernetHeader: number): void {
  const header4 = createIpv4Header()
  const header6 = createIpv6Header()
  for (const packet of packets) {
    host.receive(packet)
    host.now += 0.25
    host.poll()
    for (const sent of host.sent()) {
      expect(sent.length).toBeLessThanOrEqual(1500 + ethernetHeader)
      const at = ethernetHeader
      if (ethernetHeader > 0 && sent[12] === 8 && sent[13] === 6) continue
      const reason = sent[at]! >> 4 === 4
        ? readIpv4(sent, at, sent.length, header4)
        : readIpv6(sent, at, sent.length, header6)
      expect(reason).toBe(DropReason.None)
    }
  }
  for (let i = 0; i < 200 && host.layer.deadline < Infinity; i++) {
    host.poll(Math.max(host.now, host.layer.deadline))
    host.sent()
  }
  expect(host.layer.deadline).toBe(Infinity)
  expect(host.arena.used).toBe(0)
  expect(Object.keys(host.drops)).not.toContain('undefined')
}

test('law 5: no IP packet throws, random or mutated, with checksums verified or not', () => {
  const packet = fc.oneof({ weight: 1, arbitrary: fc.uint8Array({ maxLength: 120 }) }, { weight: 4, arbitrary: mutant(seeds) })
  fc.assert(fc.property(fc.array(packet, { minLength: 1, maxLength: 40 }), fc.boolean(), (packets, offload) => {
    check(new Host({ addresses: ADDRESSES, offload, arena: 2 ** 17 }), packets, 0)
  }), { numRuns: 200 })
})

test('law 5: no Ethernet frame throws, random or mutated', () => {
  const frame = fc.oneof({ weight: 1, arbitrary: fc.uint8Array({ maxLength: 120 }) }, { weight: 4, arbitrary: mutant(frames) })
  fc.assert(fc.property(fc.array(frame, { minLength: 1, maxLength: 40 }), fc.boolean(), (packets, offload) => {
    check(new Host({ medium: 'ethernet', hardwareAddress: US, addresses: ADDRESSES, offload, arena: 2 ** 17 }), packets, 14)
  }), { numRuns: 200 })
})

test('law 6: a flood of everything finds every table capped', () => {
  const host = new Host({ medium: 'ethernet', hardwareAddress: US })
  for (let i = 0; i < 1500; i++) {
    const from = `10.0.0.${2 + (i % 250)}`
    host.receive(ethernet(US, PEER, 0x0806, arp(1, PEER, from, US, '10.0.0.1')))
    host.receive(ethernet(US, PEER, 0x0800, ipv4({ source: from, identification: i, moreFragments: true }, pattern(800))))
    host.receive(ethernet(US, PEER, 0x0800, ipv4({ source: from, protocol: 132 }, pattern(800))))
    host.receive(ethernet(US, PEER, 0x0800, ipv4({ source: from, protocol: 1 }, icmp4(8, 0, NO_REST, pattern(800)))))
  }
  // 16 datagrams in reassembly at 1 KiB, 64 replies of at most 1 KiB.
  expect(host.arena.used).toBeLessThanOrEqual(80 * 1024)
  host.poll()
  expect(host.sent()).toHaveLength(64)
  host.poll(host.now + 30_000)
  host.sent()
  expect(host.arena.used).toBe(0)
})
