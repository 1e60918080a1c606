import type { Device } from '@layerfour/link'
import { pair } from '@layerfour/link'
import { Errno } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import { Stack, tcp } from '../src/index.ts'
import { fate } from './support/channels.ts'
import { digest, Hosts, pattern } from './support/hosts.ts'

/** Faults that real stacks have had, as far as sockets show them; those that segments show are in `@layerfour/tcp`. */

describe('connect to a refused, silent or full peer never settling', () => {
  test('refused: ECONNREFUSED, at once', async () => {
    const hosts = new Hosts()
    expect(await hosts.run(() => fate(hosts.client.connect({ hostname: '10.0.0.2', port: 80 })))).toBe('ECONNREFUSED')
    expect(hosts.now).toBeLessThan(10)
  })

  test('silent: a host that swallows everything: ETIMEDOUT after three minutes (RFC 9293 MUST-23)', async () => {
    const hosts = new Hosts({ link: { loss: 0 } })
    await hosts.run(async () => {
      // The neighbour is known; then the host falls silent.
      await fate(hosts.client.connect({ hostname: '10.0.0.2', port: 80 }))
      hosts.server.close()
      const begin = hosts.now
      expect(await fate(hosts.client.connect({ hostname: '10.0.0.2', port: 80 }))).toMatch(/ETIMEDOUT|EHOSTUNREACH/)
      expect(hosts.now - begin).toBeLessThanOrEqual(181_000)
    })
  })

  test('silent: no such host on the link', async () => {
    const hosts = new Hosts()
    expect(await hosts.run(() => fate(hosts.client.connect({ hostname: '10.0.0.77', port: 80 })))).toMatch(/ETIMEDOUT|EHOSTUNREACH/)
  })

  test('full: a backlog that nobody empties: ETIMEDOUT; emptied in time: connected', async () => {
    const hosts = new Hosts()
    await hosts.run(async () => {
      const listener = hosts.server.listen({ port: 80, backlog: 1 })
      const first = await hosts.client.connect({ hostname: '10.0.0.2', port: 80 })
      expect(await fate(hosts.client.connect({ hostname: '10.0.0.2', port: 80 }))).toBe('ETIMEDOUT')
      const late = hosts.client.connect({ hostname: '10.0.0.2', port: 80 })
      await hosts.sleep(10_000)
      const accepted = await listener.accept()
      expect(await fate(late)).toBe('ok')
      for (const connection of [first, accepted, await late]) connection.abort()
      await hosts.sleep(1)
    })
    expect(hosts.client.accounting().protocols.tcp).toMatchObject({ sockets: 0, flows: 0, timers: 0, bytes: 0 })
  })

  test('whatever the peer does, an AbortSignal settles it', async () => {
    const hosts = new Hosts()
    await hosts.run(async () => {
      const abort = new AbortController()
      const connecting = hosts.client.connect({ hostname: '10.0.0.77', port: 80, signal: abort.signal })
      await hosts.sleep(100)
      abort.abort(new Error('enough'))
      expect(await fate(connecting)).toBe('Error: enough')
    })
  })
})

describe('RST leaving a dangling handle that reaches another connection', () => {
  test('neither the socket nor the facade of a broken connection touches the one that has its place and its ends', async () => {
    const hosts = new Hosts()
    await hosts.run(async () => {
      const listener = hosts.server.listen({ port: 80 })
      const open = () => hosts.client.connect({ hostname: '10.0.0.2', port: 80, local: { port: 4000 } })
      const old = await open()
      const { socket } = old
      ;(await listener.accept()).abort()
      expect(await fate(old.closed)).toBe('ECONNRESET')
      const [next, accepted] = await Promise.all([open(), listener.accept()])

      expect([await fate(old.write(pattern(10))), await fate(old.read(new Uint8Array(10)))]).toEqual(['ECONNRESET', 'ECONNRESET'])
      expect([socket.send(pattern(10)), socket.recv(new Uint8Array(10)), socket.shutdown('both'), socket.close()].every((result) => result < 0))
        .toBe(true)
      old.configure({ linger: 0, keepAlive: true, keepAliveInitialDelay: 1 })
      old.abort()
      await old.close()
      await hosts.sleep(1000)

      expect([next.socket.state, accepted.socket.state]).toEqual(['ESTABLISHED', 'ESTABLISHED'])
      await next.write(pattern(1000))
      const into = new Uint8Array(2000)
      expect([await accepted.read(into), digest(into.subarray(0, 1000))]).toEqual([1000, digest(pattern(1000))])
      for (const connection of [next, accepted]) connection.abort()
    })
  })
})

describe('a NIC reusing its buffer after the call', () => {
  test('in both directions: memory of the device is lent for the call alone', () => {
    const [left, right] = pair()
    let now = 0
    /** A carrier that delivers from one buffer, and scribbles over everything that it was lent or has lent. */
    const careless = (device: Device): Device => ({
      medium: device.medium,
      mtu: device.mtu,
      hardwareAddress: device.hardwareAddress,
      // Checksums are wanted: they tell whether what arrives is what was sent.
      offload: { transmit: false, receive: false },
      close: () => device.close(),
      transmit: (bytes, start, end) => {
        const taken = device.transmit(bytes, start, end)
        if (taken) bytes.fill(0xee, start, end)
        return taken
      },
      attach: (receive) => {
        const buffer = new Uint8Array(70_000)
        device.attach((bytes, start, end) => {
          buffer.set(bytes.subarray(start, end))
          receive(buffer, 0, end - start)
          buffer.fill(0xee)
        })
      },
    })
    const stacks = [left, right].map((device, index) => {
      const stack = new Stack({ protocols: [tcp()], clock: () => now, secret: Int32Array.of(index, 1, 2, 3) })
      stack.addInterface(careless(device), { addresses: [`10.0.0.${index + 1}/24`] })
      return stack
    })
    const settle = (): void => {
      for (let turn = 0; turn < 10; turn++, now++) for (const stack of stacks) stack.poll(now)
    }
    const [client, passive] = stacks.map((stack) => stack.socket('stream'))
    expect([passive!.bind('10.0.0.2', 80), passive!.listen(), client!.connect('10.0.0.2', 80)]).toEqual([0, 0, Errno.EINPROGRESS])
    settle()
    const server = passive!.accept()
    if (typeof server === 'number') throw new Error(`accept returned ${server}`)
    const given = pattern(40_000)
    expect(client!.send(given)).toBe(40_000)
    given.fill(0)
    settle()
    const into = new Uint8Array(50_000)
    expect([server.recv(into), digest(into.subarray(0, 40_000))]).toEqual([40_000, digest(pattern(40_000))])
  })
})
