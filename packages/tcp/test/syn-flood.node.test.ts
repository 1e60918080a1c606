import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  copyIpAddress, createPacketMeta, createTcpHeader, DropReason, TcpFlags, writeTcp, writeTransportChecksum,
} from '@layerfour/wire'
import { expect, test } from 'vitest'
import type { Connection, TcpListener } from '../src/index.ts'
import { State } from '../src/index.ts'
import { address, PEER, US } from './harness.ts'
import { Pair } from './two-tcps.ts'

/** The heap is V8's; Bun, which runs Node's modules on another engine, has a collector of its own to call. */
const bun = (globalThis as { Bun?: { gc(force: boolean): void } }).Bun
if (bun === undefined) setFlagsFromString('--expose-gc')
const collect = bun === undefined ? runInNewContext('gc') as () => void : () => bun.gc(true)

function heap(): number {
  collect()
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
}

/** SYNs of senders that do not exist, each from another address and port. */
class Flood {
  sent = 0
  /** SYNs that met neither an answer nor a full queue. */
  surprises = 0
  private readonly meta = createPacketMeta()
  private readonly header = createTcpHeader()
  private readonly bytes = new Uint8Array(60)

  constructor() {
    copyIpAddress(address(PEER), this.meta.destination)
    copyIpAddress(address('192.0.2.0'), this.meta.source)
    this.header.flags = TcpFlags.SYN
    this.header.destinationPort = 80
    this.header.window = 65_535
    this.header.options.mss = 1460
  }

  strike(pair: Pair, count: number): void {
    const { meta, header, bytes } = this
    for (let index = 0; index < count; index++) {
      this.sent++
      meta.source.w3 = (0x0b00_0000 + Math.imul(this.sent, 7919) % 0x00ff_ffff) | 0
      header.sourcePort = 1024 + this.sent % 60_000
      header.sequence = Math.imul(this.sent, 2_654_435_761)
      const length = writeTcp(header, bytes, 0)
      writeTransportChecksum(meta.source, meta.destination, 6, bytes, 0, length)
      const reason = pair.tcps[1].receive(meta, bytes, 0, length, pair.now)
      if (reason !== DropReason.None && reason !== DropReason.BacklogFull) this.surprises++
    }
  }
}

test('a flood of 1,000,000 spoofed SYNs: 100 of 100 honest connects succeed, memory stays where the cap put it', () => {
  const pair = new Pair(1, { loss: 0, duplicate: 0, corrupt: 0, delay: 5, jitter: 0 }, {})
  const listener = pair.tcps[1].listen(address(PEER), 80, {}) as TcpListener
  const flood = new Flood()
  const hosts: Connection[] = []
  let accepted = 0
  let capped = 0
  /** Lets time pass; answers to senders that do not exist lead nowhere. */
  const pass = (ms: number): void => {
    const end = pair.now + ms
    for (let steps = 0; pair.now < end && steps < 1000; steps++) {
      for (const tcp of pair.tcps) tcp.poll(pair.now)
      const { sent } = pair.networks[1]
      sent.splice(0, sent.length, ...sent.filter((packet) => packet.destination.w3 === address(US).w3))
      if (!pair.step()) return
      while (listener.accept() !== undefined) accepted++
    }
  }

  for (let round = 0; round < 10_000; round++) {
    flood.strike(pair, 100)
    if (round % 100 === 50) {
      hosts.push(pair.tcps[0].connect(address(US), 2000 + hosts.length, address(PEER), 80, {}, pair.now) as Connection)
    }
    pass(10)
    if (round === 100) capped = heap()
    if (listener.halfOpen > listener.maxHalfOpen) throw new Error(`${listener.halfOpen} handshakes under way`)
  }
  pass(2000)
  const growth = heap() - capped
  console.log(` ${flood.sent.toLocaleString('en')} SYNs, ${accepted} of ${hosts.length} accepted, ${Math.round(growth / 1024)} KiB of growth`)
  expect(flood).toMatchObject({ sent: 1_000_000, surprises: 0 })
  expect(hosts).toHaveLength(100)
  expect(hosts.filter((host) => host.state === State.ESTABLISHED)).toHaveLength(100)
  expect(accepted).toBe(100)
  // Bun's figure counts what its own collector has not given back yet.
  if (bun === undefined) expect(growth).toBeLessThanOrEqual(1 << 20)
})
