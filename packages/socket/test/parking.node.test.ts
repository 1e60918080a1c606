import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { StackSnapshot, TcpSocket } from '../src/index.ts'
import { Hosts } from './support/hosts.ts'

/** The heap is V8's; Bun, which runs Node's modules on another engine, has a collector of its own to call. */
const bun = (globalThis as { Bun?: { gc(force: boolean): void } }).Bun
if (bun === undefined) setFlagsFromString('--expose-gc')
const collect = bun === undefined ? runInNewContext('gc') as () => void : () => bun.gc(true)

function used(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

interface Pairs {
  readonly clients: TcpSocket[]
  readonly servers: TcpSocket[]
}

async function open(hosts: Hosts, port: number, count: number): Promise<Pairs> {
  const pairs: Pairs = { clients: [], servers: [] }
  const listener = hosts.server.socket('stream')
  listener.bind('10.0.0.2', port)
  listener.listen()
  listener.onReady = () => {
    for (let peer; typeof (peer = listener.accept()) !== 'number';) pairs.servers.push(peer)
  }
  while (pairs.clients.length < count) {
    for (let burst = 0; burst < 100; burst++) {
      const client = hosts.client.socket('stream')
      client.connect('10.0.0.2', port)
      pairs.clients.push(client)
    }
    await hosts.sleep(10)
  }
  await hosts.sleep(1000)
  return pairs
}

/** A byte there and back again, so that every part of a connection has been of use. */
async function talk(hosts: Hosts, { clients, servers }: Pairs): Promise<number> {
  const byte = new Uint8Array(1)
  let arrived = 0
  for (const client of clients) client.send(byte)
  await hosts.sleep(100)
  for (const server of servers) {
    if (server.recv(byte) === 1) arrived++
    server.send(byte)
  }
  await hosts.sleep(100)
  for (const client of clients) if (client.recv(byte) === 1) arrived++
  await hosts.sleep(1000)
  return arrived
}

test('an end of a connection that does nothing takes no more than 1 KiB: socket, connection and tables', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    const warm = await open(hosts, 79, 400)
    await talk(hosts, warm)
    const before = used()
    const pairs = await open(hosts, 80, 2000)
    const idle = (used() - before) / 4000
    expect(await talk(hosts, pairs)).toBe(4000)
    const talked = (used() - before) / 4000
    console.log(` ${Math.round(idle)} bytes an end that never spoke, ${Math.round(talked)} after a byte each way`)
    // Bun's figure counts what its own collector has not given back yet.
    if (bun === undefined) {
      expect(idle).toBeLessThan(1024)
      expect(talked).toBeLessThan(1024)
    }
    expect(pairs.servers).toHaveLength(2000)
    expect(hosts.client.deadline).toBe(Infinity)
    expect(hosts.server.deadline).toBe(Infinity)
  })
})

test('snapshots, fingerprints, netstat, accounting and options see parked connections, and leave them so', async () => {
  const hosts = new Hosts()
  await hosts.run(async () => {
    const { clients, servers } = await open(hosts, 80, 100)
    const parked = (): number => [...clients, ...servers].filter(({ parts }) => parts.connection!.parked).length
    expect(parked()).toBe(200)
    const look = (): unknown => ({
      netstat: hosts.server.netstat(), accounting: hosts.server.accounting().protocols, fingerprint: hosts.server.fingerprint(),
      snapshot: hosts.server.snapshot(), infos: servers.map((socket) => socket.info()),
      sockets: servers.map((socket) => [
        socket.state, socket.readiness, socket.localAddress, socket.remoteAddress, socket.receiveQueue, socket.flushed,
        socket.getsockopt('TCP_NODELAY'), socket.getsockopt('TCP_MAXSEG'), socket.getsockopt('SO_RCVBUF'), socket.getsockopt('SO_ERROR'),
        socket.getsockopt('TCP_CONGESTION'),
      ]),
    })
    const asleep = look() as { netstat: unknown[] }
    expect(parked()).toBe(200)
    expect(asleep.netstat).toHaveLength(101)
    for (const { parts } of servers) expect(parts.connection!.tcb.state).toBeGreaterThan(0)
    expect(parked()).toBe(100)
    expect(look()).toEqual(asleep)

    await hosts.sleep(1000)
    expect(parked()).toBe(200)
    const moved: StackSnapshot = hosts.server.detach()
    expect(moved.tcp!.sockets).toHaveLength(101)
  })
})

test('promises and streams over connections that were parked go on, and the accounts are balanced in the end', async () => {
  const hosts = new Hosts({ link: { delay: 5 } })
  await hosts.run(async () => {
    const baseline = hosts.server.accounting()
    const listener = hosts.server.listen({ hostname: '10.0.0.2', port: 80 })
    const [client, server] = await Promise.all([hosts.client.connect({ hostname: '10.0.0.2', port: 80 }), listener.accept()])
    const into = new Uint8Array(100)
    const reading = server.read(into)
    for (let round = 0; round < 3; round++) {
      await hosts.sleep(60_000)
      expect(client.socket.parts.connection!.parked).toBe(true)
      expect(server.socket.parts.connection!.parked).toBe(true)
    }
    await client.write(Uint8Array.of(1, 2, 3))
    expect(await reading).toBe(3)
    await hosts.sleep(60_000)
    const ended = server.read(into)
    await client.closeWrite()
    expect(await ended).toBe(null)
    await hosts.sleep(60_000)
    // The server's end is in CLOSE-WAIT.
    expect(server.socket.parts.connection!.parked).toBe(true)
    await server.close()
    await Promise.all([client.closed, server.closed])
    listener.close()
    await hosts.sleep(120_000)
    expect({ ...hosts.server.accounting(), memory: 0 }).toEqual({ ...baseline, memory: 0 })
    expect(hosts.server.accounting().memory.used).toBe(baseline.memory.used)
  })
})

test('who observes connections is shown one block through a life', async () => {
  const hosts = new Hosts({ server: { observer: { stateChanged: () => undefined } } })
  await hosts.run(async () => {
    const { clients, servers } = await open(hosts, 80, 100)
    expect(clients.every(({ parts }) => parts.connection!.parked)).toBe(true)
    expect(servers.some(({ parts }) => parts.connection!.parked)).toBe(false)
  })
})
