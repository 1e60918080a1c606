import type { PcapngBlock } from '@layerfour/pcap'
import { SEGMENTATION_OFFLOAD } from '@layerfour/link'
import { readPcapng } from '@layerfour/pcap'
import {
  createIpv4Header, createIpv6Header, DropReason, readIpv4, readIpv6, readUint16, verifyTransportChecksum, writeUint16,
} from '@layerfour/wire'
import { expect, test } from 'vitest'
import { recordPcapng } from '../src/index.ts'
import { ChecksumCompleter } from '../src/_complete-checksum.ts'
import { fate } from './support/channels.ts'
import { Hosts, pattern } from './support/hosts.ts'

interface Recorded {
  readonly comments: string[]
  readonly time: number
  readonly data: Uint8Array
}

function recording(): { recorder: ReturnType<typeof recordPcapng>, packets(): Recorded[], linkTypes(): string[] } {
  const blocks: Uint8Array[] = []
  const recorder = recordPcapng((bytes) => blocks.push(bytes.slice()), { timeOffset: 100 })
  const read = (): PcapngBlock[] => {
    recorder.flush()
    const file = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const block of blocks) {
      file.set(block, at)
      at += block.length
    }
    const all = [...readPcapng(file)]
    expect(all.filter(({ type }) => type === 'error')).toEqual([])
    return all
  }
  return {
    recorder,
    packets: () => read().filter((block) => block.type === 'packet').map(({ comments, time, bytes: data }) => ({
      comments: comments.flatMap((text) => text.split('\n')), time: time!, data,
    })),
    linkTypes: () => read().filter((block) => block.type === 'interface').map(({ name, linkType }) => `${name} ${linkType}`),
  }
}

const shape = (packets: Recorded[]): string[][] =>
  packets.map(({ comments }) => comments.map((text) => text.replace(/^\S+ > \S+ /, '')))

test('state changes stand at the packets that caused them or announce them', async () => {
  const { recorder, packets } = recording()
  const hosts = new Hosts({ link: { delay: 10 }, client: { observer: recorder } })
  await hosts.run(async () => {
    const listener = hosts.server.listen({ port: 80 })
    const client = await hosts.client.connect({ hostname: '10.0.0.2', port: 80, local: { port: 5000 } })
    const server = await listener.accept()
    const closing = client.closeWrite()
    await hosts.sleep(100)
    await Promise.all([closing, server.close()])
    await hosts.sleep(100)
  })
  const recorded = packets()
  expect(recorded[0]!.comments).toEqual(['10.0.0.1:5000 > 10.0.0.2:80 CLOSED → SYN-SENT (ActiveOpen)'])
  expect(shape(recorded).filter((comments) => comments.length > 0)).toEqual([
    ['CLOSED → SYN-SENT (ActiveOpen)'],
    ['SYN-SENT → ESTABLISHED (ReceiveSynAck)'],
    ['ESTABLISHED → FIN-WAIT-1 (Close)'],
    ['FIN-WAIT-1 → FIN-WAIT-2 (ReceiveAckOfFin)'],
    ['FIN-WAIT-2 → TIME-WAIT (ReceiveFin)'],
  ])
  expect(recorded.slice(0, 3).map(({ time }) => time)).toEqual([100_000, 100_020, 100_020])
})

test('resets, drops and retransmissions are remarked on', async () => {
  const { recorder, packets } = recording()
  const hosts = new Hosts({ link: { delay: 10 }, client: { observer: recorder } })
  await hosts.run(async () => {
    const listener = hosts.server.listen({ port: 80 })
    const client = await hosts.client.connect({ hostname: '10.0.0.2', port: 80 })
    await listener.accept()
    hosts.link!.change('aToB', { loss: 1 })
    await client.write(pattern(100))
    await hosts.sleep(300)
    hosts.link!.change('aToB', { loss: 0 })
    await hosts.sleep(2000)
    client.abort()
    await hosts.server.datagram().send(pattern(1), { hostname: '10.0.0.1', port: 9 })
    await hosts.sleep(100)
    expect(await fate(hosts.client.connect({ hostname: '10.0.0.2', port: 81 }))).toBe('ECONNREFUSED')
  })
  const all = shape(packets())
  expect(all).toContainEqual([expect.stringMatching(/^timeout, cwnd \d+, ssthresh \d+$/), 'retransmission'])
  expect(all).toContainEqual(['ESTABLISHED → CLOSED (Abort)'])
  expect(all).toContainEqual(['dropped: PortUnreachable'])
  expect(all).toContainEqual(['SYN-SENT → CLOSED (ReceiveReset)'])
})

test('loopback and IPv6 packets are recorded too', async () => {
  const { recorder, packets } = recording()
  const hosts = new Hosts({ client: { observer: recorder } })
  await hosts.run(async () => {
    for (const hostname of ['localhost', '::1', 'fd00::2']) {
      expect(await fate(hosts.client.connect({ hostname, port: 81 }))).toBe('ECONNREFUSED')
    }
  })
  const all = shape(packets())
  expect(all.filter(([comment]) => comment === 'CLOSED → SYN-SENT (ActiveOpen)')).toHaveLength(3)
  expect(all.filter((comments) => comments.includes('SYN-SENT → CLOSED (ReceiveReset)'))).toHaveLength(3)
})

test('Ethernet interfaces are recorded as such, and remarks find their connection there too', async () => {
  const { recorder, packets, linkTypes } = recording()
  const hosts = new Hosts({ link: { delay: 1, medium: 'ethernet' }, client: { observer: recorder } })
  await hosts.run(async () => {
    hosts.server.listen({ port: 80 })
    const client = await hosts.client.connect({ hostname: '10.0.0.2', port: 80 })
    await client.closeWrite()
  })
  const all = shape(packets())
  expect(linkTypes()).toEqual(['if1 1'])
  expect(all).toContainEqual(['CLOSED → SYN-SENT (ActiveOpen)'])
  expect(all).toContainEqual(['ESTABLISHED → FIN-WAIT-1 (Close)'])
})

test('a packet that was dropped before it left is not remarked on: it is not in the file', async () => {
  const { recorder, packets } = recording()
  const hosts = new Hosts({ link: { delay: 1, medium: 'ethernet' }, client: { observer: recorder } })
  await hosts.run(async () => {
    const socket = hosts.client.datagram()
    // The neighbour is not known yet; the second one takes the place of the first.
    for (const length of [1, 2]) await socket.send(pattern(length), { hostname: '10.0.0.77', port: 9 })
    await hosts.sleep(500)
  })
  expect(hosts.client.drops()).toEqual({ NeighbourPending: 1 })
  expect(shape(packets())).toEqual([[]])
})

test('remarks go to the packets of their own connection, among many with the same ports', async () => {
  const { recorder, packets } = recording()
  const hosts = new Hosts({ client: { observer: recorder } })
  await hosts.run(async () => {
    hosts.server.listen({ port: 80 })
    hosts.client.listen({ port: 80 })
    const connect = (hostname: string): Promise<unknown> => hosts.client.connect({ hostname, port: 80, local: { port: 5000 } })
    // The first one is reset on its way out, so its close is remarked on by no packet.
    const [far, near] = [hosts.client.socket('stream'), hosts.client.socket('stream')]
    for (const socket of [far, near]) {
      socket.setsockopt('SO_REUSEADDR', 1)
      socket.bind('0.0.0.0', 5001)
    }
    near.connect('localhost', 80)
    far.connect('10.0.0.2', 80)
    await hosts.sleep(10)
    await connect('fd00::2')
  })
  const opened = packets().filter(({ comments }) => comments.some((text) => text.includes('ActiveOpen')))
  expect(opened.map(({ comments }) => comments.map((text) => text.split(' ')[2]))).toEqual([
    ['127.0.0.1:80'], ['10.0.0.2:80'], ['[fd00::2]:80'],
  ])
})

/** Where the transport header of an IP packet begins, its protocol, and whether its checksum is right. */
function look(bytes: Uint8Array, at = 0): { transport: number, protocol: number, good: boolean } {
  const ipv4 = bytes[at]! >> 4 === 4
  const [four, six] = [createIpv4Header(), createIpv6Header()]
  const reason = ipv4 ? readIpv4(bytes, at, bytes.length, four) : readIpv6(bytes, at, bytes.length, six)
  const header = ipv4 ? four : six
  expect(reason).toBe(DropReason.None)
  const transport = at + header.headerLength
  const { source, destination, protocol } = header
  return { transport, protocol, good: verifyTransportChecksum(source, destination, protocol, bytes, transport, bytes.length) }
}

test.each(['ip', 'ethernet'] as const)('with offload, segments of up to 64 KiB are recorded whole, and checksums are right: %s', async (medium) => {
  const { recorder, packets } = recording()
  const hosts = new Hosts({ pair: { medium, offload: SEGMENTATION_OFFLOAD }, client: { observer: recorder } })
  const sent = pattern(500_000)
  for (const hostname of medium === 'ip' ? ['10.0.0.2', 'fd00::2', 'localhost'] : ['10.0.0.2']) {
    await hosts.run(async () => {
      const stack = hostname === 'localhost' ? hosts.client : hosts.server
      const listener = stack.listen({ port: 80 })
      const client = await hosts.client.connect({ hostname, port: 80 })
      const server = await listener.accept()
      const received = new Uint8Array(sent.length)
      const [there, back] = [client.write(sent), server.write(sent)]
      for (const end of [server, client]) {
        for (let at = 0; at < sent.length;) at += (await end.read(received.subarray(at)))!
        expect(received).toEqual(sent)
      }
      await Promise.all([there, back])
      listener.close()
    })
  }
  await hosts.run(() => hosts.client.datagram().send(pattern(100), { hostname: '10.0.0.2', port: 9 }))
  const recorded = packets().map(({ data }) => data).filter((data) => medium === 'ip' || readUint16(data, 12) === 0x0800)
  const found = recorded.map((data) => look(data, medium === 'ip' ? 0 : 14)).filter(({ protocol }) => protocol === 6 || protocol === 17)
  expect(found.length).toBeGreaterThan(20)
  expect(found.filter(({ good }) => !good)).toEqual([])
  expect(recorded.filter(({ length }) => length > 20_000).length).toBeGreaterThan(20)
})

test('only an incomplete checksum is completed: 0 where that means so, or the sum of the pseudo-header', async () => {
  const { recorder, packets } = recording()
  const hosts = new Hosts({ client: { observer: recorder } })
  await hosts.run(async () => {
    for (const hostname of ['10.0.0.2', 'fd00::2']) await hosts.client.datagram().send(pattern(100), { hostname, port: 9 })
  })
  const completer = new ChecksumCompleter()
  for (const { data } of packets().slice(0, 2)) {
    const { transport, good } = look(data)
    expect(good).toBe(true)
    const right = readUint16(data, transport + 6)
    const complete = (checksum: number, zero: boolean, end = data.length): number => {
      const bytes = data.slice()
      writeUint16(bytes, transport + 6, checksum)
      completer.complete(bytes, 0, end, zero)
      return readUint16(bytes, transport + 6)
    }
    expect(complete(0, true)).toBe(right)
    expect(complete(0, false)).toBe(0)
    const wrong = right ^ 1
    expect(complete(wrong, true)).toBe(wrong)
    // Linux leaves the sum over addresses, protocol and length.
    let sum = 17 + data.length - transport
    for (let at = data[0]! >> 4 === 4 ? 12 : 8; at < transport; at += 2) sum += readUint16(data, at)
    sum = (sum & 0xffff) + (sum >>> 16)
    expect(complete((sum & 0xffff) + (sum >>> 16), false)).toBe(right)
    for (let end = 0; end < data.length; end++) expect(complete(0, true, end)).toBe(0)
  }
})
