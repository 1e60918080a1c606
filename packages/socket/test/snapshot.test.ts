import type { Device } from '@layerfour/link'
import { EmulatedLink, Simulation } from '@layerfour/sim'
import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { StackSnapshot, TcpSocket } from '../src/index.ts'
import { decodeSnapshot, encodeSnapshot, Listener, runVirtual, Stack, tcp, TcpConnection, udp, VirtualTimers } from '../src/index.ts'
import { digest, pattern } from './support/hosts.ts'

/** Through bytes, as between processes. */
function carry(snapshot: StackSnapshot): StackSnapshot {
  return decodeSnapshot(encodeSnapshot(snapshot)) as StackSnapshot
}

/** A host, `home` at 10.0.0.1, that can be thrown away and made again, and its peer 10.0.0.2, in virtual time. */
class Movable {
  readonly simulation = new Simulation()
  readonly timers = new VirtualTimers(() => this.simulation.now)
  readonly peer: Stack
  /** State changes at the peer. */
  readonly peerStates: string[] = []
  home: Stack
  readonly #device: Device
  #ahead = 0
  #moves = 0
  #activity = 0

  constructor(link: EmulatedLink) {
    this.#device = link.a
    this.peer = new Stack({
      protocols: [tcp()], clock: () => this.simulation.now, secret: Int32Array.of(2, 2, 2, 2),
      observer: { stateChanged: (_tcb, from, to) => this.peerStates.push(`${from} ${to}`) },
    })
    this.peer.addInterface(link.b, { addresses: ['10.0.0.2/24'] })
    this.home = this.#stack()
    this.simulation.add(this.peer, 'peer')
    this.simulation.add(this, 'home')
    this.simulation.add(link, 'link')
    this.simulation.add(this.timers, 'timers')
  }

  #stack(): Stack {
    const ahead = this.#ahead
    const clock = (): number => this.simulation.now + ahead
    const stack = new Stack({ protocols: [tcp(), udp()], clock, secret: Int32Array.of(1, 1, 1, ++this.#moves) })
    stack.addInterface(this.#device, { addresses: ['10.0.0.1/24'] })
    return stack
  }

  /** The old stack is never polled again; a new one has another secret and clock, and nothing in it. */
  replace(): Stack {
    this.#activity += this.home.activity
    this.#ahead = 1_000_000 - this.#ahead
    this.home = this.#stack()
    return this.home
  }

  poll(): number {
    return this.home.poll() - this.#ahead
  }

  get deadline(): number {
    return this.home.deadline - this.#ahead
  }

  get activity(): number {
    return this.#activity + this.home.activity
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return runVirtual(this.simulation, [this.peer, this, this.timers], { until: work(), limit: 3_600_000, patience: 100 })
  }

  sleep(ms: number): Promise<void> {
    return this.timers.sleep(ms)
  }
}

/** Sends a text and receives one, on one socket after the other. */
class Pump {
  readonly received: Uint8Array[] = []
  length = 0
  ended = false
  readonly #text: Uint8Array
  #sent = 0
  #news: () => void = () => undefined

  constructor(text: Uint8Array) {
    this.#text = text
  }

  attach(socket: TcpSocket): void {
    const pump = (): void => {
      for (let count = 1; count > 0 && this.#sent < this.#text.length;) {
        count = socket.send(this.#text, this.#sent)
        if (count > 0) this.#sent += count
      }
      if (this.#sent === this.#text.length) socket.shutdown('write')
      const into = new Uint8Array(8192)
      let count = socket.recv(into)
      for (; count > 0; count = socket.recv(into)) {
        this.received.push(into.slice(0, count))
        this.length += count
      }
      if (count === 0) this.ended = true
      this.#news()
    }
    socket.onReady = pump
    pump()
  }

  /** Until so much was received, or the end. */
  async until(length: number): Promise<void> {
    while (this.length < length && !this.ended) await new Promise<void>((resolve) => { this.#news = resolve })
  }

  get digest(): string {
    const all = new Uint8Array(this.length)
    let at = 0
    for (const part of this.received) {
      all.set(part, at)
      at += part.length
    }
    return digest(all)
  }
}

async function readAll(connection: TcpConnection): Promise<Uint8Array> {
  return new Uint8Array(await new Response(connection.readable).arrayBuffer())
}

describe('snapshot and restore of a whole stack', () => {
  test.each([1, 2, 3, 4, 5])('a transfer both ways over a lossy link outlives its stack again and again, the peer unaware (seed %i)', async (seed) => {
    const link = new EmulatedLink({ seed, loss: 0.05, delay: 10, jitter: 3, reorder: 0.05, rate: 20e6 })
    const hosts = new Movable(link)
    const [there, back] = [pattern(600_000, seed), pattern(400_000, seed + 50)]
    await hosts.run(async () => {
      const listener = hosts.peer.listen({ port: 80 })
      const first = hosts.home.socket('stream')
      expect(first.connect('10.0.0.2', 80)).toBe(Errno.EINPROGRESS)
      const pump = new Pump(there)
      pump.attach(first)
      const server = await listener.accept()
      const sending = server.write(back).then(() => server.closeWrite())
      const receiving = readAll(server)

      for (const mark of [20_000, 60_000, 390_000]) {
        await pump.until(mark)
        // No goodbye: the old stack is just not there any more.
        const snapshot = carry(hosts.home.snapshot())
        const [socket, ...rest] = hosts.replace().restore(snapshot)
        expect(rest).toEqual([])
        if (mark < 100_000) expect(socket!.state).toBe('ESTABLISHED')
        pump.attach(socket!)
      }
      await pump.until(Infinity)
      expect(pump.digest).toBe(digest(back))
      expect(digest(await receiving)).toBe(digest(there))
      await sending
    })
    expect(hosts.peerStates.filter((change) => change.endsWith(' CLOSED'))).toEqual([])
    expect(hosts.peer.drops()).not.toHaveProperty('NoConnection')
    expect(hosts.home.drops()).not.toHaveProperty('NoConnection')
    // In ten minutes everything is over, and nobody has bytes.
    await runVirtual(hosts.simulation, [hosts.peer, hosts, hosts.timers], { until: hosts.sleep(600_000) })
    expect(hosts.peer.accounting().memory.used).toBe(0)
  })

  test('listeners move with their address, options and whoever waits, handshakes under way included', async () => {
    const hosts = new Movable(new EmulatedLink({ seed: 1, delay: 10 }))
    await hosts.run(async () => {
      const socket = hosts.home.socket('stream')
      socket.setsockopt('SO_REUSEADDR', 1)
      socket.setsockopt('TCP_NODELAY', 1)
      socket.setsockopt('SO_RCVBUF', 12_345)
      expect([socket.bind('0.0.0.0', 80), socket.listen(5)]).toEqual([0, 0])
      const waiting = await hosts.peer.connect({ hostname: '10.0.0.1', port: 80 })
      await waiting.write(pattern(3000, 1))
      await hosts.sleep(50)
      const handshaking = hosts.peer.connect({ hostname: '10.0.0.1', port: 80 })
      await hosts.sleep(12)
      const before = hosts.home.netstat()
      expect(before.map(({ state }) => state)).toEqual(['LISTEN', 'ESTABLISHED', 'SYN-RECEIVED'])
      const fingerprint = hosts.home.fingerprint()

      const snapshot = carry(hosts.home.detach())
      const [moved] = hosts.replace().restore(snapshot)
      expect(hosts.home.fingerprint()).toBe(fingerprint)
      expect(hosts.home.netstat().map(({ state, receiveQueue }) => [state, receiveQueue])).toEqual(
        before.map(({ state, receiveQueue }) => [state, receiveQueue]))
      expect(moved!.localAddress).toEqual({ hostname: '0.0.0.0', port: 80 })
      expect(['SO_REUSEADDR', 'TCP_NODELAY', 'SO_RCVBUF'].map((name) => moved!.getsockopt(name as 'SO_RCVBUF'))).toEqual([1, 1, 12_345])
      expect(() => hosts.home.listen({ port: 80 })).toThrow('EADDRINUSE')

      const listener = new Listener(moved!)
      const first = await listener.accept()
      const buffer = new Uint8Array(4000)
      expect(await first.read(buffer)).toBe(3000)
      expect(digest(buffer.subarray(0, 3000))).toBe(digest(pattern(3000, 1)))
      const second = await listener.accept()
      const client = await handshaking
      expect(second.remoteAddress).toEqual(client.localAddress)
      // A third one, as with any listener; and no handshake is counted twice.
      const [third] = await Promise.all([listener.accept(), hosts.peer.connect({ hostname: '10.0.0.1', port: 80 })])
      expect(third.localAddress).toEqual({ hostname: '10.0.0.1', port: 80 })
    })
    expect(hosts.peer.drops()).toEqual({})
  })

  test('a connection whose socket is closed goes on sending what was queued', async () => {
    const hosts = new Movable(new EmulatedLink({ seed: 1, delay: 10, rate: 1e6 }))
    await hosts.run(async () => {
      const listener = hosts.peer.listen({ port: 80 })
      const [client, server] = await Promise.all([hosts.home.connect({ hostname: '10.0.0.2', port: 80 }), listener.accept()])
      const text = pattern(40_000, 7)
      await client.write(text)
      client.socket.close()
      const snapshot = carry(hosts.home.snapshot())
      expect(hosts.replace().restore(snapshot)).toEqual([])
      expect(digest(await readAll(server))).toBe(digest(text))
      await server.close()
    })
  })

  test('what was shut stays shut, and what a broken connection left can still be read', async () => {
    const hosts = new Movable(new EmulatedLink({ seed: 2, delay: 10 }))
    await hosts.run(async () => {
      const listener = hosts.peer.listen({ port: 80 })
      const connect = () => Promise.all([hosts.home.connect({ hostname: '10.0.0.2', port: 80 }), listener.accept()])
      const [[shut, shutPeer], [broken, brokenPeer]] = [await connect(), await connect()]
      shut.socket.shutdown('both')
      await brokenPeer.write(pattern(500))
      await hosts.sleep(50)
      brokenPeer.abort()
      await hosts.sleep(50)
      expect(broken.socket.state).toBe('CLOSED')
      const snapshot = carry(hosts.home.snapshot())
      const [first, second] = hosts.replace().restore(snapshot)
      await shutPeer.write(pattern(100_000))
      await hosts.sleep(1000)
      const buffer = new Uint8Array(1000)
      expect([first!.receiveQueue, first!.recv(buffer), first!.send(buffer)]).toEqual([0, 0, Errno.EPIPE])
      expect(await shutPeer.read(buffer)).toBe(null)
      expect([second!.recv(buffer), second!.recv(buffer)]).toEqual([500, 0])
      expect(digest(buffer.subarray(0, 500))).toBe(digest(pattern(500)))
      expect(second!.send(buffer)).toBe(Errno.EPIPE)
    })
  })

  test('the fingerprint is the same after a move, in whatever memory and by whatever clock, and differs with the state', async () => {
    const hosts = new Movable(new EmulatedLink({ seed: 3, delay: 10 }))
    await hosts.run(async () => {
      const listener = hosts.peer.listen({ port: 80 })
      hosts.home.listen({ port: 22 })
      const [client] = await Promise.all([hosts.home.connect({ hostname: '10.0.0.2', port: 80 }), listener.accept()])
      await client.write(pattern(50_000))
      await hosts.sleep(5)
      const before = hosts.home.fingerprint()
      const snapshot = hosts.home.snapshot()
      expect(hosts.home.fingerprint()).toBe(before)
      const sockets = hosts.replace().restore(carry(snapshot))
      expect(hosts.home.fingerprint()).toBe(before)
      expect(encodeSnapshot(hosts.home.snapshot()).length).toBeGreaterThan(50_000)
      sockets[1]!.send(pattern(1))
      const written = hosts.home.fingerprint()
      expect(written).not.toBe(before)
      hosts.home.listen({ port: 23 })
      expect(hosts.home.fingerprint()).not.toBe(written)
    })
  })

  test('detach: every promise of the old stack settles with ECANCELED, its memory is free, and the peer hears nothing', async () => {
    const hosts = new Movable(new EmulatedLink({ seed: 4, delay: 10 }))
    await hosts.run(async () => {
      const listener = hosts.peer.listen({ port: 80 })
      const ours = hosts.home.listen({ port: 81 })
      const [client] = await Promise.all([hosts.home.connect({ hostname: '10.0.0.2', port: 80 }), listener.accept()])
      const pending = [ours.accept(), client.read(new Uint8Array(1)), client.write(pattern(10_000_000)), client.closed]
      const old = hosts.home
      await hosts.sleep(100)
      old.detach()
      const results = await Promise.allSettled(pending)
      expect(results.map((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : result.value)))
        .toEqual(['ECANCELED', 'ECANCELED', 'ECANCELED', 'ECANCELED'])
      expect(old.accounting()).toMatchObject({ memory: { used: 0 }, protocols: { tcp: { sockets: 0, flows: 0, timers: 0, bytes: 0 } } })
      expect(() => old.snapshot()).toThrow('ENETDOWN')
      await hosts.sleep(1000)
      expect(hosts.peer.netstat().map(({ state }) => state)).toEqual(['LISTEN', 'ESTABLISHED'])
    })
  })

  test('one socket alone moves; the others of its stack stay', async () => {
    const hosts = new Movable(new EmulatedLink({ seed: 5, delay: 10, loss: 0.02 }))
    await hosts.run(async () => {
      const listener = hosts.peer.listen({ port: 80 })
      const connect = () => Promise.all([hosts.home.connect({ hostname: '10.0.0.2', port: 80 }), listener.accept()])
      const [[one, onePeer], [two]] = [await connect(), await connect()]
      const reading = one.read(new Uint8Array(1))
      const snapshot = one.socket.detach()
      if (typeof snapshot === 'number') throw new Error(`detach: ${snapshot}`)
      await expect(reading).rejects.toMatchObject({ code: 'ECANCELED' })
      expect(one.socket.detach()).toBe(Errno.ECANCELED)
      expect(one.socket.send(new Uint8Array(1))).toBe(Errno.ECANCELED)
      expect(hosts.home.accounting().protocols['tcp']).toMatchObject({ sockets: 1, flows: 1 })
      expect(two.socket.state).toBe('ESTABLISHED')

      // Into the same stack again, for there is no other with this address.
      const moved = new TcpConnection(hosts.home.restore(carry(snapshot))[0]!)
      await moved.write(pattern(30_000))
      await moved.closeWrite()
      expect(digest(await readAll(onePeer))).toBe(digest(pattern(30_000)))
    })
  })

  test('all or nothing: a restore that fails leaves nothing behind and tells no peer', async () => {
    const hosts = new Movable(new EmulatedLink({ seed: 6, delay: 10 }))
    await hosts.run(async () => {
      const listener = hosts.peer.listen({ port: 80 })
      hosts.home.listen({ port: 81 })
      const [client] = await Promise.all([hosts.home.connect({ hostname: '10.0.0.2', port: 80 }), listener.accept()])
      await hosts.peer.connect({ hostname: '10.0.0.1', port: 81 })
      await client.write(pattern(100_000))
      const snapshot = hosts.home.detach()
      const fails = (stack: Stack, error: string, what = snapshot): void => {
        const before = stack.accounting()
        expect(() => stack.restore(what)).toThrow(error)
        expect(stack.accounting().protocols).toEqual(before.protocols)
        expect(stack.accounting().memory.used).toBe(before.memory.used)
      }
      fails(new Stack({ protocols: [tcp(), udp()] }), 'restore EADDRNOTAVAIL 10.0.0.2:80')
      const small = new Stack({ protocols: [tcp(), udp()], memory: 1 << 14 })
      small.internet.addAddress(0, { address: snapshot.tcp!.sockets[1]!.connection!.block.localAddress, length: 32 })
      fails(small, 'restore ENOBUFS 10.0.0.2:80')
      // The second of two that are the same fails, when all others are restored.
      const busy = hosts.replace()
      const { unheld } = snapshot.tcp!
      expect(unheld).toHaveLength(1)
      fails(busy, 'restore EADDRNOTAVAIL 10.0.0.2', { ...snapshot, tcp: { ...snapshot.tcp!, unheld: [...unheld, ...unheld] } })
      busy.listen({ port: 81 })
      fails(busy, 'bind EADDRINUSE [::]:81')
      const foreign = unheld.map((saved) => ({ ...saved, connection: { ...saved.connection, congestionControl: 'other' } }))
      fails(busy, 'congestion control is other, this stack knows cubic', { ...snapshot, tcp: { ...snapshot.tcp!, unheld: foreign } })
      expect(() => busy.restore({ ...snapshot, version: 2 } as unknown as StackSnapshot)).toThrow('snapshot version is 2, expected 1')
      fails(new Stack({ protocols: [udp()] }), 'restore EPROTONOSUPPORT')
      fails(new Stack({ protocols: [tcp()] }), 'restore EPROTONOSUPPORT')
      expect(hosts.peerStates.filter((change) => change.endsWith(' CLOSED'))).toEqual([])
    })
  })
})
