import { copyIpAddress, createPacketMeta, DropReason, TcpOptionKind, verifyTransportChecksum } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { State } from '../src/index.ts'
import type { Packet } from './harness.ts'
import { address, describe as describePacket, PEER, Script } from './harness.ts'

/** One rule of RFC 9293 a test: what a header says and may say (§3.1, §3.2). */

const NOP = TcpOptionKind.NoOperation
const END = TcpOptionKind.EndOfList
/** An option of a kind that nobody has defined. */
const UNKNOWN = [200, 4, 0xab, 0xcd]

/** Option bytes of a segment as it left. */
function optionsOf({ bytes }: Packet): Uint8Array {
  return bytes.subarray(20, (bytes[12]! >> 4) * 4)
}

/** A script that has said all that it may ever put into a header: timestamps, scale, SACK, urgent text, FIN, reset. */
function talkative(): { script: Script, packets: Packet[] } {
  const script = new Script({ timestamps: true, windowScaling: true, sack: true, receiveBuffer: 1 << 20 })
  const packets: Packet[] = []
  const hear = (): void => {
    script.poll()
    packets.push(...script.network.sent.splice(0))
  }
  script.connect()
  hear()
  script.send({ flags: 'SA', seq: 500, ack: 101, mss: 1460, scale: 7, sackPermitted: true, timestamps: [1, 0] })
  hear()
  script.write(5000)
  hear()
  script.send({ flags: 'A', seq: 601, ack: 101, text: 'ahead', timestamps: [2, 0] })
  hear()
  script.advance(script.connection.info().rto)
  hear()
  script.send({ flags: 'A', seq: 501, ack: 5101, text: 100, timestamps: [3, 0] })
  script.connection.shutdownSend()
  hear()
  script.connection.abort(script.now)
  hear()
  return { script, packets }
}

describe('RFC 9293 §3.1: the header', () => {
  test('MUST-1: a window of 65,535 is no negative one', () => {
    const script = new Script().establish({}, { window: 65_535 })
    script.send({ flags: 'A', seq: 501, ack: 101, window: 40_000 })
    expect(script.connection.info().sendWindow).toBe(40_000)
    script.send({ flags: 'A', seq: 501, ack: 101, window: 65_535 })
    expect(script.connection.info().sendWindow).toBe(65_535)
  })

  test('REC-1: windows are counted in 32 bits: 65,535 scaled by 14 is 1,073,725,440', () => {
    const script = new Script({ windowScaling: true }).establish({}, { scale: 14 })
    script.send({ flags: 'A', seq: 501, ack: 101, window: 65_535 })
    expect(script.connection.info().sendWindow).toBe(1_073_725_440)
  })

  test('MUST-2: every segment that leaves has the checksum of its addresses, header and text', () => {
    const { packets } = talkative()
    expect(packets.length).toBeGreaterThan(6)
    for (const { source, destination, bytes } of packets) {
      expect(verifyTransportChecksum(source, destination, 6, bytes, 0, bytes.length)).toBe(true)
      bytes[bytes.length - 1]! ^= 1
      expect(verifyTransportChecksum(source, destination, 6, bytes, 0, bytes.length)).toBe(false)
    }
  })

  test('MUST-3: a segment with a wrong checksum is dropped, whichever bit is wrong', () => {
    const other = new Script().establish()
    other.write('text')
    other.poll()
    const { bytes } = other.network.sent.splice(0)[0]!
    const meta = createPacketMeta()
    copyIpAddress(address('10.0.0.1'), meta.source)
    copyIpAddress(address(PEER), meta.destination)
    const script = new Script()
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      // A wrong data offset is found out before the sum is taken.
      if (bit >> 3 === 12) continue
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      expect(script.tcp.receive(meta, bytes, 0, bytes.length, script.now)).toBe(DropReason.BadChecksum)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
    }
    expect(script.tcp.receive(meta, bytes, 0, bytes.length, script.now)).not.toBe(DropReason.BadChecksum)
  })

  test('MUST-4: End of Option List, No-Operation and MSS are supported', () => {
    const script = new Script()
    script.connect().expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'SA', seq: 500, ack: 101, rawOptions: [NOP, NOP, 2, 4, 0x03, 0xe8, END, 0] })
    expect(script.connection.info().mss).toBe(1000)
  })

  test('MUST-5, MUST-6: an option that nobody knows is ignored in any segment: SYN, text, FIN, RST', () => {
    const script = new Script().connect().expect({ flags: 'S', seq: 100 })
    expect(script.send({ flags: 'SA', seq: 500, ack: 101, rawOptions: UNKNOWN })).toBe(DropReason.None)
    expect(script.send({ flags: 'A', seq: 501, ack: 101, text: 'abc', rawOptions: UNKNOWN })).toBe(DropReason.None)
    expect(script.read()).toBe('abc')
    expect(script.send({ flags: 'FA', seq: 504, ack: 101, rawOptions: UNKNOWN })).toBe(DropReason.None)
    expect(script.connection.state).toBe(State['CLOSE-WAIT'])
    expect(script.send({ flags: 'R', seq: 505, rawOptions: UNKNOWN })).toBe(DropReason.None)
    expect(script.connection.state).toBe(State.CLOSED)
  })

  test('MUST-5: options of a SYN that come in another segment change nothing', () => {
    const script = new Script({ windowScaling: true, sack: true }).establish()
    script.send({ flags: 'A', seq: 501, ack: 101, window: 1000, mss: 500, scale: 3, sackPermitted: true })
    expect(script.connection.info()).toMatchObject({ mss: 1460, sendScale: 0, sack: false, sendWindow: 1000 })
  })

  test('MUST-7: an illegal option length is a counted drop, and the connection goes on', () => {
    const script = new Script().establish()
    for (const rawOptions of [[200, 0, 0, 0], [200, 1, 0, 0], [2, 3, 5, 0], [200, 5, 0, 0], [NOP, NOP, NOP, 200]]) {
      expect(script.send({ flags: 'A', seq: 501, ack: 101, text: 'bad', rawOptions })).toBe(DropReason.BadOption)
    }
    script.quiet()
    expect(script.send({ flags: 'A', seq: 501, ack: 101, text: 'good' })).toBe(DropReason.None)
    expect(script.read()).toBe('good')
  })

  test('MUST-64: options begin wherever the one before them ended', () => {
    const mss = [2, 4, 0x03, 0xe8]
    for (const rawOptions of [[NOP, ...mss, NOP, NOP, NOP], [200, 3, 0, ...mss, NOP], [200, 2, NOP, ...mss, END]]) {
      const script = new Script().connect().expect({ flags: 'S', seq: 100 })
      script.send({ flags: 'SA', seq: 500, ack: 101, rawOptions })
      expect(script.connection.info().mss).toBe(1000)
    }
  })

  test('MUST-68: all options that leave have a length, End of Option List and No-Operation apart', () => {
    for (const packet of talkative().packets) {
      const options = optionsOf(packet)
      let at = 0
      while (at < options.length && options[at] !== END) at += options[at] === NOP ? 1 : Math.max(options[at + 1]!, 2)
      expect(at).toBeLessThanOrEqual(options.length)
      expect(options.length % 4).toBe(0)
    }
  })

  test('MUST-69: what leaves behind an End of Option List is zeros, and what arrives there is not looked at', () => {
    for (const packet of talkative().packets) {
      const options = [...optionsOf(packet)]
      let at = 0
      while (at < options.length && options[at] !== END) at += options[at] === NOP ? 1 : options[at + 1]!
      expect(options.slice(at).every((byte) => byte === 0)).toBe(true)
    }
    const script = new Script().connect().expect({ flags: 'S', seq: 100 })
    expect(script.send({ flags: 'SA', seq: 500, ack: 101, rawOptions: [END, 2, 4, 3, 2, 0, 0, 0] })).toBe(DropReason.None)
    expect(script.connection.info().mss).toBe(536)
  })

  test('MUST-65: MSS, window scale and SACK-permitted stand in SYNs and nowhere else', () => {
    const segments = talkative().packets.map(describePacket)
    const [syn, ...others] = segments
    expect(syn).toMatchObject({ flags: 'S', mss: 1460, scale: 5, sackPermitted: true })
    for (const { mss, scale, sackPermitted } of others) expect([mss, scale, sackPermitted]).toEqual([undefined, undefined, undefined])
  })
})
