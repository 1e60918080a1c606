import { Errno } from '@layerfour/wire'
import type { TcpSocket } from '@layerfour/socket'
import type { Count, CountingBenchmark } from '../benchmark.ts'
import { collectGarbage } from '../host.ts'
import type { Hosts } from '../hosts.ts'
import { joinedHosts, SERVER_ADDRESS } from '../hosts.ts'
import { succeeded } from '../succeeded.ts'

const PORT = 5005
const CHUNK = 65_536
const REQUEST = 64
/** Of both directions: fixed, for a buffer that finds its own size grows for a while. */
const BUFFER = 1 << 20
/** Bytes of a transfer, once to get warm and once for each sampling: some 35,000 segments. */
const BULK = 50e6
/** Requests, likewise. */
const REQUESTS = 30_000
const SAMPLINGS = 3

/**
 * Heap bytes that one TCP segment costs on its way through two whole stacks (sockets, TCP, IP, checksums computed and verified), once
 * everything has grown to its working size. A loop polls the stacks, so no driver's timers and microtasks are in it.
 */
export const allocation: CountingBenchmark = {
  kind: 'counted',
  group: 'memory',
  // Node's inspector.
  runtimes: ['Node'],
  name: 'allocation',
  title: 'Heap allocation per TCP segment in steady state, by heap sampling',
  unit: 'bytes/segment',
  count: async () => [await allocationOfTransfer(), await allocationOfRequests()],
}

/** 64 KiB writes, one way, by base sockets with readiness callbacks. */
export async function allocationOfTransfer(): Promise<Count> {
  const pipe = openPipe()
  // The parts that run once a poll get warm sooner in small pieces.
  for (let i = 0; i < REQUESTS; i++) pipe.transfer(REQUEST)
  // And what runs once an acknowledgment, later than what runs once a segment.
  pipe.transfer(16 * BULK)
  return perSegment('one way, 64 KiB writes', pipe.hosts, () => pipe.transfer(BULK))
}

/** 64 bytes there and back: every segment comes alone and has a poll of its own. */
export async function allocationOfRequests(): Promise<Count> {
  const pipe = openPipe()
  for (let i = 0; i < REQUESTS; i++) pipe.exchange()
  return perSegment('64-byte requests', pipe.hosts, () => {
    for (let i = 0; i < REQUESTS; i++) pipe.exchange()
  })
}

/** The lowest of some samplings: the engine, too, allocates when it compiles something anew, but not every time. */
async function perSegment(name: string, hosts: Hosts, work: () => void): Promise<Count> {
  let least = await sampleOnce(name, hosts, work)
  for (let i = 1; i < SAMPLINGS; i++) {
    const count = await sampleOnce(name, hosts, work)
    if (count.value < least.value) least = count
  }
  return least
}

async function sampleOnce(name: string, hosts: Hosts, work: () => void): Promise<Count> {
  collectGarbage()
  const before = hosts.packets()
  // A page must not meet Node's inspector even by name.
  const { sampleAllocations } = await import('../heap-sampler.ts')
  const sites = await sampleAllocations(work)
  const segments = hosts.packets() - before
  const parts = sites.map((site) => ({ name: site.name, value: site.bytes / segments }))
  return { name, value: parts.reduce((sum, { value }) => sum + value, 0), parts }
}

interface Pipe {
  readonly hosts: Hosts
  /** Moves so many bytes from the client's application to the server's. */
  transfer(bytes: number): void
  /** 64 bytes to the server and back. */
  exchange(): void
}

/** A connection, and a loop that polls both ends. */
function openPipe(): Pipe {
  const hosts = joinedHosts()
  const { client, server } = hosts
  const listener = server.socket('stream')
  succeeded(listener.setsockopt('SO_RCVBUF', BUFFER))
  succeeded(listener.bind('0.0.0.0', PORT))
  succeeded(listener.listen())
  const sender = client.socket('stream')
  succeeded(sender.setsockopt('SO_SNDBUF', BUFFER))
  succeeded(sender.setsockopt('TCP_NODELAY', 1))
  sender.connect(SERVER_ADDRESS, PORT)
  let receiver: TcpSocket | number = Errno.EAGAIN
  while (typeof receiver === 'number') {
    client.poll()
    server.poll()
    receiver = listener.accept()
  }
  const peer = receiver
  peer.setsockopt('TCP_NODELAY', 1)

  const chunk = new Uint8Array(CHUNK).fill(0x5a)
  const into = new Uint8Array(CHUNK)
  let toSend = 0
  let received = 0
  let echo = false
  let answered = 0
  sender.onReady = () => {
    for (let count; toSend > 0 && (count = sender.send(chunk, 0, Math.min(CHUNK, toSend))) > 0;) toSend -= count
    for (let count; (count = sender.recv(into)) > 0;) answered += count
  }
  peer.onReady = () => {
    for (let count; (count = peer.recv(into)) > 0;) {
      received += count
      if (echo) peer.send(into, 0, count)
    }
  }
  const move = (bytes: number): void => {
    toSend = bytes
    sender.onReady!(sender)
  }
  return {
    hosts,
    transfer: (bytes) => {
      const end = received + bytes
      move(bytes)
      while (received < end) {
        client.poll()
        server.poll()
      }
    },
    exchange: () => {
      echo = true
      const end = answered + REQUEST
      move(REQUEST)
      while (answered < end) {
        client.poll()
        server.poll()
      }
    },
  }
}
