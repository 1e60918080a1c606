import { expect, test } from 'vitest'
import type { TcpConnection } from '../src/index.ts'
import { facades, fate, readAll } from './support/channels.ts'
import { digest, Hosts, pattern, StreamHash } from './support/hosts.ts'

const links = [
  { loss: 0.01, delay: 20 },
  { loss: 0.1, delay: 5, jitter: 5 },
  { loss: 0.3, delay: 2 },
  { reorder: 0.2, reorderGap: 8, delay: 20 },
  { duplicate: 0.2, loss: 0.05, delay: 10 },
  { corrupt: 0.05, delay: 10 },
  { rate: 1e6, delay: 30, loss: 0.02, mtu: 1280 },
  { rate: 10e6, delay: 10, loss: 0.05, reorder: 0.05, duplicate: 0.05, corrupt: 0.02, jitter: 4, mtu: 9000 },
]

test.each(links.map((link, i) => [JSON.stringify(link), link, i] as const))('both directions at once over %s', async (_name, link, i) => {
  for (const facade of facades) {
    const hosts = new Hosts({ link: { seed: 1000 + i, ...link }, tcp: { sendBuffer: 32_768, receiveBuffer: 65_536 } })
    await hosts.run(async () => {
      const listener = facade.listen(hosts.server)
      const [client, server] = await Promise.all([facade.connect(hosts.client, '10.0.0.2', listener.port), listener.accept()])
      listener.close()
      const [there, back] = [pattern(150_000, i), pattern(90_000, i + 50)]
      const [atServer, atClient] = await Promise.all([
        readAll(server), readAll(client), client.write(there).then(() => client.end()), server.write(back).then(() => server.end()),
      ])
      expect([digest(atServer), digest(atClient)]).toEqual([digest(there), digest(back)])
      // Over such a link the very last acknowledgment may be lost for good; nothing of the text is.
      for (const channel of [client, server]) expect(['ok', 'ECONNRESET', 'ETIMEDOUT']).toContain(await fate(channel.closed))
      await Promise.all([client.close(), server.close()])
    })
    await hosts.drain()
    for (const stack of [hosts.client, hosts.server]) {
      expect(stack.accounting().memory.used).toBe(0)
      expect(stack.accounting().protocols['tcp']).toEqual({ sockets: 0, flows: 0, timers: 0, bytes: 0 })
    }
  }
})

test('many connections at once share a bad link and memory that is too small for them all', async () => {
  const hosts = new Hosts({
    link: { seed: 9, rate: 50e6, delay: 10, loss: 0.02, reorder: 0.02 },
    client: { memory: 1 << 18 }, server: { memory: 1 << 18 }, tcp: { sendBuffer: 1 << 16, receiveBuffer: 1 << 16 },
  })
  await hosts.run(async () => {
    const listener = hosts.server.listen({ port: 80 })
    const received: string[] = []
    const serve = async (connection: TcpConnection): Promise<void> => {
      const hash = new StreamHash()
      for await (const chunk of connection.readable) hash.update(chunk)
      received.push(hash.digest)
      await connection.closeWrite()
    }
    const serving = (async () => {
      const all: Promise<void>[] = []
      for await (const connection of listener) all.push(serve(connection))
      await Promise.all(all)
    })()
    const numbers = Array.from({ length: 40 }, (_, n) => n)
    await Promise.all(numbers.map(async (n) => {
      await hosts.sleep(n * 3)
      const client = await hosts.client.connect({ hostname: '10.0.0.2', port: 80 })
      await client.write(pattern(60_000, n))
      await client.closeWrite()
      expect(await client.read(new Uint8Array(1))).toBe(null)
      await client.closed
    }))
    listener.close()
    await serving
    expect(received.sort()).toEqual(numbers.map((n) => digest(pattern(60_000, n))).sort())
    expect(hosts.client.accounting().memory.peak).toBe(1 << 18)
  })
  await hosts.drain()
  expect([hosts.client.accounting().memory.used, hosts.server.accounting().memory.used]).toEqual([0, 0])
})
