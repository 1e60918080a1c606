import { InternetCore, Ipv4Layer } from '@layerfour/ip'
import { pair } from '@layerfour/link'
import { Errno, parsePrefix } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { Internet, InternetHost } from '../src/index.ts'
import { StackCore, tcpBase, udpBase } from '../src/index.ts'

type Layer = Ipv4Layer | InternetCore

function twoHosts(internet: (host: InternetHost) => Layer): [StackCore<Layer>, StackCore<Layer>] {
  const devices = pair()
  return [0, 1].map((which) => {
    let now = 0
    const stack = new StackCore({ protocols: [udpBase(), tcpBase()], internet, secret: Int32Array.of(1, 2, 3, which), clock: () => now++ })
    const { index } = stack.attach(devices[which]!)
    stack.internet.addAddress(index, parsePrefix(`10.0.0.${which + 1}/24`)!)
    return stack
  }) as [StackCore<Layer>, StackCore<Layer>]
}

function poll(...stacks: StackCore<Internet>[]): void {
  for (let round = 0; round < 20; round++) for (const stack of stacks) stack.poll()
}

describe.each([
  ['Ipv4Layer', (host: InternetHost) => new Ipv4Layer(host)],
  ['InternetCore', (host: InternetHost) => new InternetCore(host)],
])('a stack of base sockets on %s', (_, internet) => {
  test('UDP: datagrams there and back', () => {
    const [left, right] = twoHosts(internet)
    const server = right.socket('datagram')
    expect(server.bind('0.0.0.0', 7)).toBe(0)
    server.onReady = () => {
      const data = new Uint8Array(100)
      const count = server.recv(data)
      if (count > 0) server.sendto(data, '10.0.0.1', 5000, 0, count)
    }
    const client = left.socket('datagram')
    expect(client.bind('10.0.0.1', 5000)).toBe(0)
    expect(client.connect('10.0.0.2', 7)).toBe(0)
    expect(client.send(Uint8Array.of(1, 2, 3))).toBe(3)
    poll(left, right)
    const answer = new Uint8Array(10)
    expect(client.recv(answer)).toBe(3)
    expect([...answer.slice(0, 3)]).toEqual([1, 2, 3])
    expect(left.sockets('datagram')).toEqual([client])
    left.close()
    expect(client.send(Uint8Array.of(1))).toBe(Errno.ECANCELED)
    expect(() => left.socket('datagram')).toThrow('ENETDOWN')
  })

  test('TCP: bytes there and back, and the end', () => {
    const [left, right] = twoHosts(internet)
    const server = right.socket('stream')
    expect(server.bind('0.0.0.0', 7)).toBe(0)
    expect(server.listen()).toBe(0)
    server.onReady = () => {
      const accepted = server.accept()
      if (typeof accepted === 'number') return
      const data = new Uint8Array(1000)
      const echo = (): void => {
        for (let count = accepted.recv(data); count >= 0; count = accepted.recv(data)) {
          if (count === 0) return void accepted.close()
          accepted.send(data, 0, count)
        }
      }
      accepted.onReady = echo
      echo()
    }
    const client = left.socket('stream')
    expect(client.connect('10.0.0.2', 7)).toBe(Errno.EINPROGRESS)
    poll(left, right)
    expect(client.send(Uint8Array.from({ length: 5000 }, (_, i) => i))).toBe(5000)
    expect(client.shutdown('write')).toBe(0)
    poll(left, right)
    const answer = new Uint8Array(6000)
    expect(client.recv(answer)).toBe(5000)
    expect(answer[4999]).toBe(4999 & 255)
    expect(client.recv(answer)).toBe(0)
    expect(client.close()).toBe(0)
    const refused = left.socket('stream')
    refused.connect('10.0.0.2', 8)
    poll(left, right)
    expect(refused.getsockopt('SO_ERROR')).toBe(Errno.ECONNREFUSED)
  })

  test('what it has not, it refuses: other sockets, snapshots of one', () => {
    const [left] = twoHosts(internet)
    expect(left.socket('stream').detach()).toBe(Errno.EOPNOTSUPP)
    expect(left.socket('datagram').detach()).toBe(Errno.EOPNOTSUPP)
    const datagrams = new StackCore<Layer>({ protocols: [udpBase()], internet })
    expect(() => datagrams.socket('stream')).toThrow('EPROTONOSUPPORT')
    expect(() => new StackCore<Layer>({ protocols: [udpBase(), udpBase()], internet })).toThrow(/second one for datagram/)
  })
})
