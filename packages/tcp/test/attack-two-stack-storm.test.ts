import { expect, test } from 'vitest'
import { createTcpHeader, copyIpAddress, createPacketMeta, TcpFlags, writeTcp, writeTransportChecksum, DropReason } from '@layerfour/wire'
import { Arena } from '@layerfour/storage'
import { Tcp } from '../src/index.ts'
import type { Connection } from '../src/index.ts'
import { FakeNetwork, SECRET, address } from './harness.ts'

test('two of our own TCPs, one forged byte to each: the talk dies down', () => {
  const nets = [new FakeNetwork('10.0.0.1'), new FakeNetwork('10.0.0.2')] as const
  const tcps = nets.map((n) => new Tcp(n, { arena: new Arena(1 << 20), secret: SECRET, timestamps: false }))
  const [a, b] = tcps as [Tcp, Tcp]
  let now = 1000
  let packets = 0
  const step = (): number => {
    let n = 0
    a.poll(now); b.poll(now)
    for (const i of [0, 1] as const) {for (const p of nets[i].sent.splice(0)) {
      const meta = createPacketMeta(); copyIpAddress(p.source, meta.source); copyIpAddress(p.destination, meta.destination)
      tcps[1 - i]!.receive(meta, p.bytes, 0, p.bytes.length, now); n++
    }}
    now += 1; packets += n
    return n
  }
  const l = b.listen(address('10.0.0.2'), 80); if (typeof l === 'number') throw new Error(String(l))
  const c = a.connect(address('10.0.0.1'), 4000, address('10.0.0.2'), 80, {}, now) as Connection
  for (let i = 0; i < 50; i++) step()
  const s = l.accept()!
  const forge = (to: Tcp, from: Connection, seq: number, ack: number): void => {
    const h = createTcpHeader(); const w = new Uint8Array(100)
    h.sourcePort = from.tcb.localPort; h.destinationPort = from.tcb.remotePort; h.sequence = seq; h.acknowledgment = ack
    h.flags = TcpFlags.ACK; h.window = 1000
    const len = writeTcp(h, w, 0); const end = len + 1
    const m = createPacketMeta(); copyIpAddress(from.tcb.localAddress, m.source); copyIpAddress(from.tcb.remoteAddress, m.destination)
    writeTransportChecksum(m.source, m.destination, 6, w, 0, end)
    expect(to.receive(m, w, 0, end, now)).toBe(DropReason.None)
  }
  // Both at the same time: each end now expects one byte more than the other has sent.
  const n = [c.tcb.snd.max, c.tcb.rcv.nxt, s.tcb.snd.max, s.tcb.rcv.nxt] as const
  forge(b, c, n[0], n[1]); forge(a, s, n[2], n[3])
  packets = 0
  for (let i = 0; i < 5000; i++) step()
  expect(packets).toBeLessThan(200) // five seconds
})
