import { beforeEach, describe, expect, it } from 'vitest'
import { fillChargen } from '../src/chargen.ts'
import { chargen, daytime, discard, echo } from '../src/host/tcp-services.ts'
import { udpEcho } from '../src/host/udp-echo.ts'
import { Hosts, readAll } from './_hosts.ts'

let hosts: Hosts
beforeEach(() => {
  hosts = new Hosts()
})

it('one service attends to 512 connections at a time; the next one waits for its turn', async () => {
  hosts.start(7, echo)
  const work = async (): Promise<string> => {
    const others = await Promise.all(Array.from({ length: 512 }, () => hosts.client.connect({ hostname: '10.0.0.2', port: 7 })))
    const late = hosts.talk(7, 'patience')
    const first = await Promise.race([late, timers.sleep(1000).then(() => 'no answer yet')])
    others[0]!.abort()
    return `${first}, then ${await late}`
  }
  const timers = hosts.addTimers()
  expect(await hosts.run(work())).toBe('no answer yet, then patience')
})

describe('RFC 862: echo', () => {
  it('sends back what comes in, and ends when the client does', async () => {
    hosts.start(7, echo)
    expect(await hosts.run(hosts.talk(7, 'once upon a time'))).toBe('once upon a time')
  })

  it('a client that does not read cannot write for ever; once it reads, all comes back', async () => {
    hosts.start(7, echo)
    const timers = hosts.addTimers()
    const size = 20_000_000
    const work = async (): Promise<[beforeReading: string, count: number]> => {
      const connection = await hosts.client.connect({ hostname: '10.0.0.2', port: 7 })
      const writing = connection.write(new Uint8Array(size)).then(() => connection.closeWrite()).then(() => 'written')
      const beforeReading = await Promise.race([writing, timers.sleep(60_000).then(() => 'waiting')])
      const [{ length }] = await Promise.all([readAll((into) => connection.read(into)), writing])
      return [beforeReading, length]
    }
    expect(await hosts.run(work())).toEqual(['waiting', size])
  })

  it('a connection that is reset leaves the service at work', async () => {
    hosts.start(7, echo)
    const work = async (): Promise<string> => {
      const connection = await hosts.client.connect({ hostname: '10.0.0.2', port: 7 })
      await connection.write(Uint8Array.of(1, 2, 3))
      connection.abort()
      return hosts.talk(7, 'still there')
    }
    expect(await hosts.run(work())).toBe('still there')
    expect(hosts.faults).toEqual([])
  })

  it('UDP: datagrams come back; one from a service port gets no answer, or two services would never stop', async () => {
    void udpEcho(hosts.server.datagram({ port: 7 }), (error) => hosts.faults.push(error))
    const answers: string[] = []
    const work = async (): Promise<void> => {
      const service = hosts.client.datagram({ port: 7 })
      const client = hosts.client.datagram()
      void (async () => {
        for await (const { data } of service) answers.push(`service: ${String(data)}`)
      })()
      await service.send(Uint8Array.of(1), { hostname: '10.0.0.2', port: 7 })
      await client.send(Uint8Array.of(2), { hostname: '10.0.0.2', port: 7 })
      const { data, remoteAddress } = await client.receive()
      answers.push(`client: ${String(data)} from ${remoteAddress.hostname}:${remoteAddress.port}`)
    }
    await hosts.run(work())
    expect(answers).toEqual(['client: 2 from 10.0.0.2:7'])
  })
})

it('RFC 863: discard answers nothing but the end', async () => {
  hosts.start(9, discard)
  expect(await hosts.run(hosts.talk(9, 'into the void'))).toBe('')
})

it('RFC 867: daytime sends one line and ends, whatever the client sends', async () => {
  hosts.start(13, daytime)
  const line = await hosts.run(hosts.talk(13, 'ignored', { end: false }))
  expect(line).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n$/)
})

it('RFC 864: chargen sends its lines until the client ends', async () => {
  hosts.start(19, chargen)
  const work = async (): Promise<Uint8Array> => {
    const connection = await hosts.client.connect({ hostname: '10.0.0.2', port: 19 })
    const lines = new Uint8Array(100_000)
    for (let at = 0; at < lines.length;) at += (await connection.read(lines.subarray(at)))!
    await connection.closeWrite()
    const rest = new Uint8Array(65_536)
    while (await connection.read(rest) !== null) {
      // What was under way.
    }
    return lines
  }
  const expected = new Uint8Array(100_000)
  fillChargen(expected, 0, expected.length, 0)
  expect(await hosts.run(work())).toEqual(expected)
})
