import { describe, expect, test } from 'vitest'
import {
  ArpOperation, BROADCAST_HARDWARE_ADDRESS, copyHardwareAddress, createArpPacket, createEthernetHeader, createHardwareAddress, DropReason,
  ETHERTYPE_ARP, formatHardwareAddress, formatIpAddress, hardwareAddressEquals, isBroadcastHardwareAddress, isGroupHardwareAddress,
  multicastHardwareAddress, parseHardwareAddress, parseIpAddress, readArp, readEthernet, readHardwareAddress, writeArp, writeEthernet,
} from '../src/index.ts'
import { hex, toHex } from './_hex.ts'

/** Who has 192.0.2.1? Tell 192.0.2.2: a request in its frame, padded to Ethernet's minimum. */
const REQUEST = hex(`
  ffffffffffff 02000a0b0c0d 0806
  0001 0800 06 04 0001 02000a0b0c0d c0000202 000000000000 c0000201 000000000000000000000000000000000000`)

describe('hardware addresses', () => {
  test('are read and printed as text', () => {
    expect(parseHardwareAddress('02:00:5E:10:00:01')).toEqual({ hi: 0x0200, lo: 0x5e100001 })
    expect(parseHardwareAddress('f2-ff-ff-ff-ff-fe')).toEqual({ hi: 0xf2ff, lo: -2 })
    expect(formatHardwareAddress({ hi: 0x0200, lo: 0x5e100001 })).toBe('02:00:5e:10:00:01')
    expect(formatHardwareAddress({ hi: 1, lo: -2 })).toBe('00:01:ff:ff:ff:fe')
  })

  test.each(['', '02:00:5e:10:00', '02:00:5e:10:00:01:02', '02:00-5e:10:00:01', '2:0:5e:10:0:1', '02005e100001', '0g:00:5e:10:00:01'])(
    'refuses %j',
    (text) => {
      expect(parseHardwareAddress(text)).toBeUndefined()
    },
  )

  test('the broadcast address is a group address, a group is not broadcast', () => {
    const group = parseHardwareAddress('01:00:5e:00:00:01')!
    const host = parseHardwareAddress('02:ff:ff:ff:ff:ff')!
    expect([BROADCAST_HARDWARE_ADDRESS, group, host].map(isBroadcastHardwareAddress)).toEqual([true, false, false])
    expect([BROADCAST_HARDWARE_ADDRESS, group, host].map(isGroupHardwareAddress)).toEqual([true, true, false])
  })

  test('copies are equal, and differ when either number does', () => {
    const copy = createHardwareAddress()
    copyHardwareAddress({ hi: 0x1234, lo: -5 }, copy)
    expect(hardwareAddressEquals(copy, { hi: 0x1234, lo: -5 })).toBe(true)
    expect(hardwareAddressEquals(copy, { hi: 0x1235, lo: -5 })).toBe(false)
    expect(hardwareAddressEquals(copy, { hi: 0x1234, lo: 5 })).toBe(false)
  })

  test.each([
    ['224.128.64.32', '01:00:5e:00:40:20'],
    ['239.255.255.250', '01:00:5e:7f:ff:fa'],
    ['ff02::1:ff28:9c5a', '33:33:ff:28:9c:5a'],
  ])('RFC 1112 §6.4, RFC 2464 §7: group %s is at %s', (group, expected) => {
    const address = createHardwareAddress()
    multicastHardwareAddress(parseIpAddress(group)!, address)
    expect(formatHardwareAddress(address)).toBe(expected)
  })
})

describe('RFC 894: Ethernet II', () => {
  test('a header is read and written', () => {
    const header = createEthernetHeader()
    const bytes = hex(`aabb${toHex(REQUEST)}`)
    expect(readEthernet(bytes, 2, bytes.length, header)).toBe(DropReason.None)
    expect(formatHardwareAddress(header.destination)).toBe('ff:ff:ff:ff:ff:ff')
    expect(formatHardwareAddress(header.source)).toBe('02:00:0a:0b:0c:0d')
    expect(header.etherType).toBe(ETHERTYPE_ARP)
    const written = new Uint8Array(16)
    expect(writeEthernet(header, written, 1)).toBe(14)
    expect(toHex(written)).toBe(`00${toHex(REQUEST.subarray(0, 14))}00`)
  })

  test('a frame of 13 bytes is truncated', () => {
    expect(readEthernet(REQUEST, 0, 13, createEthernetHeader())).toBe(DropReason.Truncated)
    expect(readEthernet(REQUEST, 0, 14, createEthernetHeader())).toBe(DropReason.None)
  })
})

describe('RFC 826: ARP', () => {
  test('a request is read and written, padding ignored', () => {
    const packet = createArpPacket()
    expect(readArp(REQUEST, 14, REQUEST.length, packet)).toBe(DropReason.None)
    expect(packet.operation).toBe(ArpOperation.Request)
    expect(formatHardwareAddress(packet.senderHardware)).toBe('02:00:0a:0b:0c:0d')
    expect(formatIpAddress(packet.senderAddress)).toBe('192.0.2.2')
    expect(formatHardwareAddress(packet.targetHardware)).toBe('00:00:00:00:00:00')
    expect(formatIpAddress(packet.targetAddress)).toBe('192.0.2.1')
    const written = new Uint8Array(30)
    packet.operation = ArpOperation.Reply
    readHardwareAddress(hex('010203040506'), 0, packet.targetHardware)
    expect(writeArp(packet, written, 1)).toBe(28)
    expect(toHex(written)).toBe('0000010800060400020200' + '0a0b0c0dc0000202' + '010203040506' + 'c0000201' + '00')
  })

  test.each([
    ['another hardware type', 1, 6, DropReason.UnknownProtocol],
    ['another protocol', 3, 1, DropReason.UnknownProtocol],
    ['hardware addresses of 8 bytes', 4, 8, DropReason.BadHeaderLength],
    ['protocol addresses of 16 bytes', 5, 16, DropReason.BadHeaderLength],
    ['a reverse request', 7, 3, DropReason.UnknownProtocol],
    ['operation 0', 7, 0, DropReason.UnknownProtocol],
  ])('%s is not for us', (_, at, value, reason) => {
    const bytes = REQUEST.slice()
    bytes[14 + at] = value
    expect(readArp(bytes, 14, bytes.length, createArpPacket())).toBe(reason)
  })

  test('27 bytes are truncated', () => {
    expect(readArp(REQUEST, 14, 41, createArpPacket())).toBe(DropReason.Truncated)
    expect(readArp(REQUEST, 14, 42, createArpPacket())).toBe(DropReason.None)
  })
})
