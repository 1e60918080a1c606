import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { copyIpAddress, createPacketMeta, createPath, DropReason } from '@layerfour/wire'
import type { PacketMeta } from '@layerfour/wire'
import { expect, test } from 'vitest'
import { InternetLayer } from '../src/index.ts'
import type { LinkPort, TransportProtocol } from '../src/index.ts'
import { SECRET } from './support/host.ts'
import { ip, prefix } from './support/packets.ts'

/** What is measured is V8's heap; Bun runs Node's modules on another engine. */
const isV8 = process.versions['bun'] === undefined
if (isV8) setFlagsFromString('--expose-gc')
const collect = isV8 ? runInNewContext('gc') as () => void : () => undefined

/** A synchronous link: what one layer sends, the other receives at once. */
class Crossover implements LinkPort {
  readonly medium = 'ip'
  readonly mtu = 1500
  readonly hardwareAddress: undefined = undefined
  readonly offload = { transmit: false, receive: false }
  peer: InternetLayer | undefined

  transmit(bytes: Uint8Array, start: number, end: number): boolean {
    this.peer!.receive(1, bytes, start, end, 5)
    return true
  }
}

class Sink implements TransportProtocol {
  readonly protocol = 6
  readonly deadline: number = Infinity
  bytes = 0

  receive(_meta: PacketMeta, _bytes: Uint8Array, start: number, end: number): DropReason {
    this.bytes += end - start
    return DropReason.None
  }

  icmp(): DropReason {
    return DropReason.None
  }

  poll(): number {
    return Infinity
  }
}

test.runIf(isV8)('law 3: in steady state a TCP segment on an IP medium allocates nothing, neither out nor in', () => {
  const [a, b] = ['10.0.0.1/24', '10.0.0.2/24'].map((address) => {
    const layer = new InternetLayer({ secret: SECRET })
    const port = new Crossover()
    const sink = new Sink()
    layer.addAddress(layer.addInterface(port), prefix(address))
    layer.register(sink)
    return { layer, port, sink }
  }) as [Peer, Peer]
  a.port.peer = b.layer
  b.port.peer = a.layer
  const path = createPath()
  const data = createMeta('10.0.0.1', '10.0.0.2')
  const acknowledgment = createMeta('10.0.0.2', '10.0.0.1')
  const exchange = (count: number): void => {
    for (let i = 0; i < count; i++) {
      a.layer.findPath(data.destination, data.source, path)
      a.layer.send(data, 1480, 5)
      b.layer.send(acknowledgment, 32, 5)
      if ((i & 15) === 0) b.layer.poll(5)
    }
  }
  exchange(50_000)
  collect()
  const rounds = Array.from({ length: 10 }, () => {
    const before = process.memoryUsage().heapUsed
    exchange(10_000)
    return process.memoryUsage().heapUsed - before
  })
  expect(b.sink.bytes).toBe(150_000 * 1480)
  expect(a.sink.bytes).toBe(150_000 * 32)
  // A collection makes a round negative; background work makes one positive, but not all. An object per packet would be 16 bytes or more.
  expect(Math.min(...rounds.filter((growth) => growth >= 0)) / 20_000).toBeLessThan(2)
})

interface Peer {
  layer: InternetLayer
  port: Crossover
  sink: Sink
}

function createMeta(source: string, destination: string): PacketMeta {
  const meta = { ...createPacketMeta(), protocol: 6, dontFragment: true }
  copyIpAddress(ip(source), meta.source)
  copyIpAddress(ip(destination), meta.destination)
  return meta
}
