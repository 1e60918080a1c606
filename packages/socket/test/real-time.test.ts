import { pair } from '@layerfour/link'
import { expect, test } from 'vitest'
import { runRealTime, Stack, tcp, udp } from '../src/index.ts'
import { fate } from './support/channels.ts'
import { digest, pattern, StreamHash } from './support/hosts.ts'

/** Two stacks joined in process and driven by the host's clock, while `work` is done. */
async function joined<T>(work: (client: Stack, server: Stack) => Promise<T>): Promise<T> {
  const make = (): Stack => new Stack({ protocols: [tcp(), udp()] })
  const [client, server] = [make(), make()]
  const [a, b] = pair()
  client.addInterface(a, { addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  server.addInterface(b, { addresses: ['10.0.0.2/24', 'fd00::2/64'] })
  const drivers = [runRealTime(client), runRealTime(server)]
  try {
    return await work(client, server)
  } finally {
    client.close()
    server.close()
    for (const driver of drivers) driver.stop()
  }
}

test('TCP: an echo in real time, every byte', async () => {
  await joined(async (client, server) => {
    const listener = server.listen({ port: 7 })
    const serving = (async () => {
      for await (const connection of listener) await connection.readable.pipeTo(connection.writable)
    })()
    const connection = await client.connect({ hostname: 'fd00::2', port: 7 })
    const sent = pattern(3_000_000)
    const writing = connection.write(sent).then(() => connection.closeWrite())
    const hash = new StreamHash()
    for await (const chunk of connection.readable) hash.update(chunk)
    expect(hash.digest).toBe(digest(sent))
    await Promise.all([writing, connection.closed])
    listener.close()
    await serving
    expect(client.accounting().memory.used).toBe(0)
  })
})

test('UDP: an echo in real time', async () => {
  await joined(async (client, server) => {
    const echo = server.datagram({ port: 7 })
    const echoing = (async () => {
      for await (const { data, remoteAddress } of echo) await echo.send(data, remoteAddress)
    })()
    const socket = client.datagram({ remote: { hostname: '10.0.0.2', port: 7 } })
    for (const length of [0, 1, 1400, 20_000]) {
      await socket.send(pattern(length))
      expect(digest((await socket.receive()).data)).toBe(digest(pattern(length)))
    }
    echo.close()
    await echoing
  })
})

test('stacks that talk without a pause leave the host its timers', async () => {
  await joined(async (client, server) => {
    // Two base sockets that answer each other's datagrams for ever.
    const [one, two] = [client.socket('datagram'), server.socket('datagram')]
    one.bind('10.0.0.1', 1000)
    two.bind('10.0.0.2', 1000)
    const buffer = new Uint8Array(8)
    let talk = 0
    one.onReady = () => {
      while (one.recv(buffer) >= 0) one.sendto(buffer, '10.0.0.2', 1000)
    }
    two.onReady = () => {
      while (two.recv(buffer) >= 0) {
        talk++
        two.sendto(buffer, '10.0.0.1', 1000)
      }
    }
    one.sendto(buffer, '10.0.0.2', 1000)
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(talk).toBeGreaterThan(100)
  })
})

test('a refused connection rejects, a closed stack settles what is pending', async () => {
  await joined(async (client, server) => {
    expect(await fate(client.connect({ hostname: '10.0.0.2', port: 81 }))).toBe('ECONNREFUSED')
    const listener = server.listen({ port: 80 })
    const accepting = fate(listener.accept().then(() => listener.accept()))
    const connection = await client.connect({ hostname: '10.0.0.2', port: 80 })
    const reading = fate(connection.read(new Uint8Array(1)))
    server.close()
    expect(await accepting).toBe('ECANCELED')
    expect(await reading).toBe('ECONNRESET')
  })
})
