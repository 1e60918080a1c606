import { InternetCore, Ipv4Layer } from '@layerfour/ip'
import { pair } from '@layerfour/link'
import { Errno, parsePrefix } from '@layerfour/wire'
import { describe, expect, test } from 'vitest'
import type { Internet, InternetHost } from '../src/index.ts'
import { StackCore, udpBase } from '../src/index.ts'

type Layer = Ipv4Layer | InternetCore

function twoHosts(internet: (host: InternetHost) => Layer): [StackCore<Layer>, StackCore<Layer>] {
  const devices = pair()
  return [0, 1].map((which) => {
    let now = 0
    const stack = new StackCore({ protocols: [udpBase()], internet, secret: Int32Array.of(1, 2, 3, which), clock: () => now++ })
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

  test('what it has not, it refuses: streams, snapshots of a socket', () => {
    const [left] = twoHosts(internet)
    expect(() => left.socket('stream')).toThrow('EPROTONOSUPPORT')
    expect(left.socket('datagram').detach()).toBe(Errno.EOPNOTSUPP)
  })
})
