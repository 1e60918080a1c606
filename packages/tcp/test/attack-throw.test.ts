import { expect, test } from 'vitest'
import { createPacketMeta, copyIpAddress, IcmpCause, writeUint16, writeUint32 } from '@layerfour/wire'
import { Script, US, PEER, address } from './harness.ts'

test('a reset that arrives between abort() and the next poll does not throw', () => {
  const script = new Script().establish()
  script.connection.abort(script.now)
  expect(() => script.send({ flags: 'R', seq: 501 })).not.toThrow()
})

test('the ACK of our FIN between abort() and the next poll does not throw', () => {
  const script = new Script().establish()
  script.connection.shutdownSend(); script.poll()
  script.connection.abort(script.now)
  expect(() => script.send({ flags: 'A', seq: 501, ack: 102 })).not.toThrow()
})

test('purely remote: hard ICMP error for our SYN,ACK, then a reset, in one burst', () => {
  const script = new Script(); script.listen()
  script.send({ flags: 'S', seq: 500 }); script.poll()
  const meta = createPacketMeta(); copyIpAddress(address(US), meta.source); copyIpAddress(address(PEER), meta.destination)
  const quoted = new Uint8Array(8)
  writeUint16(quoted, 0, script.localPort); writeUint16(quoted, 2, script.remotePort); writeUint32(quoted, 4, 100)
  script.tcp.icmp(IcmpCause.PortUnreachable, 0, meta, quoted, 0, 8, script.now)
  expect(() => script.send({ flags: 'R', seq: 501 })).not.toThrow()
})
