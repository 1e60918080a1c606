import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createIpv4Header, createUdpHeader, ETHERNET_HEADER_LENGTH, IpProtocol, parseIpAddress, writeIpv4, writeTransportChecksum, writeUdp,
} from '@layerfour/wire'
import { describe, expect, it } from 'vitest'
import { missingCommand } from '../../../testing/missing.node.ts'
import { optional } from '../../../testing/optional.ts'
import { file, hex } from './_file.ts'

const present = optional('tshark', missingCommand('tshark'), "Wireshark's judgement of our files")

const FIELDS = [
  'frame.interface_name', 'frame.time_epoch', 'frame.comment', 'frame.len', 'frame.cap_len', 'ip.src', 'udp.dstport',
  'ip.checksum.status', 'udp.checksum.status', 'data.data', '_ws.malformed',
]

/** What tshark says of each packet, with both checksums verified. */
function dissect(bytes: Uint8Array): Record<string, string>[] {
  const folder = mkdtempSync(join(tmpdir(), 'l4pcap-'))
  try {
    const path = join(folder, 'test.pcapng')
    writeFileSync(path, bytes)
    const words = ['-n', '-r', path, '-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE']
    words.push('-T', 'fields', ...FIELDS.flatMap((field) => ['-e', field]))
    const lines = execFileSync('tshark', words, { stdio: 'pipe' }).toString().split('\n').slice(0, -1)
    return lines.map((line) => Object.fromEntries(line.split('\t').map((value, i) => [FIELDS[i]!, value])))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function datagram(payload: string): Uint8Array {
  const data = new TextEncoder().encode(payload)
  const bytes = new Uint8Array(28 + data.length)
  const ip = createIpv4Header()
  Object.assign(ip, { hopLimit: 64, protocol: IpProtocol.Udp, totalLength: bytes.length })
  Object.assign(ip.source, parseIpAddress('10.0.0.1'))
  Object.assign(ip.destination, parseIpAddress('10.0.0.2'))
  writeIpv4(ip, bytes, 0)
  const udp = { ...createUdpHeader(), sourcePort: 40_000, destinationPort: 50_000, length: 8 + data.length }
  writeUdp(udp, bytes, 20)
  bytes.set(data, 28)
  writeTransportChecksum(ip.source, ip.destination, IpProtocol.Udp, bytes, 20, bytes.length)
  return bytes
}

const GOOD = '1'
const BAD = '0'

describe.skipIf(!present)('tshark reads our files', () => {
  it('interfaces, times to the nanosecond, comments in UTF-8, lengths, and packets with right checksums', () => {
    const packet = datagram('hello')
    const frame = new Uint8Array(ETHERNET_HEADER_LENGTH + packet.length)
    frame.set(hex('020000000002 020000000001 0800'))
    frame.set(packet, ETHERNET_HEADER_LENGTH)
    const bytes = file((writer) => {
      writer.addInterface({ linkType: 'raw', name: 'tunnel' })
      writer.addInterface({ linkType: 'ethernet', name: 'lan', timeOffset: 1_795_000_000, snapLength: 50 })
      writer.packet(0, 1.5, packet, 0, packet.length, 'SYN-SENT → ESTABLISHED')
      writer.packet(1, 0.000001, frame, 0, frame.length)
      writer.packet(1, 86_400_000.25, datagram('x'.repeat(1000)), 0, 60)
    }, { application: 'layerfour', comment: 'three packets' })
    const common = { 'ip.src': '10.0.0.1', 'udp.dstport': '50000', 'ip.checksum.status': GOOD, 'udp.checksum.status': GOOD }
    const [first, second, third] = dissect(bytes)
    expect(first).toEqual({
      ...common, 'frame.interface_name': 'tunnel', 'frame.time_epoch': expect.stringContaining('.001500000') as string,
      'frame.comment': 'SYN-SENT → ESTABLISHED', 'frame.len': '33', 'frame.cap_len': '33', 'data.data': '68656c6c6f', '_ws.malformed': '',
    })
    expect(second).toMatchObject({ ...common, 'frame.interface_name': 'lan', 'frame.comment': '', 'frame.len': '47', 'frame.cap_len': '47' })
    // Seconds with a fraction here, an ISO date in later versions.
    expect(second!['frame.time_epoch']).toMatch(/^(1795000000|2026-11-18T\d\d:\d\d:40)\.000000001/)
    expect(third).toMatchObject({ 'frame.len': '60', 'frame.cap_len': '50' })
  })

  it('and would say so if a checksum were wrong', () => {
    const packet = datagram('hello')
    packet[30]! ^= 1
    const bytes = file((writer) => {
      writer.addInterface({ linkType: 'raw' })
      writer.packet(0, 0, packet, 0, packet.length)
    })
    expect(dissect(bytes)).toMatchObject([{ 'ip.checksum.status': GOOD, 'udp.checksum.status': BAD }])
  })
})
