import { ANY_IPV4, parseIpAddress } from '@layerfour/wire'
import { expect, test } from 'vitest'
import { DYNAMIC_PORTS, EphemeralPorts } from '../src/ephemeral-ports.ts'

const secret = Int32Array.of(1, 2, 3, 4)
const local = parseIpAddress('10.0.0.1')!
const remote = parseIpAddress('10.0.0.2')!
const always = (): boolean => true

const choose = (ports: EphemeralPorts, remotePort = 80): number => ports.choose(local, remote, remotePort, always)

test('RFC 6335 §6: ports come from the dynamic range unless another is given', () => {
  const ports = new EphemeralPorts(secret)
  for (let i = 0; i < 1000; i++) {
    const port = choose(ports)
    expect(port).toBeGreaterThanOrEqual(DYNAMIC_PORTS[0])
    expect(port).toBeLessThanOrEqual(DYNAMIC_PORTS[1])
  }
  expect(choose(new EphemeralPorts(secret, [2000, 2000]))).toBe(2000)
})

test('RFC 6056 §3.3.3: without the secret the ports are different ones', () => {
  const row = (words: number[], remotePort: number): number[] => {
    const ports = new EphemeralPorts(Int32Array.from(words))
    return Array.from({ length: 8 }, () => choose(ports, remotePort))
  }
  expect(row([1, 2, 3, 4], 80)).toEqual(row([1, 2, 3, 4], 80))
  expect(row([1, 2, 3, 4], 80)).not.toEqual(row([1, 2, 3, 5], 80))
  // Every peer walks a row of its own.
  expect(row([1, 2, 3, 4], 80)).not.toEqual(row([1, 2, 3, 4], 81))
})

test('RFC 6056 §3.3.5: the step to the next port is random, from 1 to N', () => {
  const ports = new EphemeralPorts(secret)
  const count = DYNAMIC_PORTS[1] - DYNAMIC_PORTS[0] + 1
  const steps: number[] = []
  let last = choose(ports)
  for (let i = 0; i < 2000; i++) {
    const port = choose(ports)
    steps.push((port - last + count) % count)
    last = port
  }
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...steps)).toBeLessThanOrEqual(500)
  const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length
  expect(Math.abs(mean - 250)).toBeLessThan(15)
  expect(new Set(steps).size).toBeGreaterThan(400)
})

test('every free port is found, each tried once, and 0 says that none is left', () => {
  const ports = new EphemeralPorts(secret, [5000, 5099])
  const taken = new Set<number>()
  for (let i = 0; i < 100; i++) {
    const port = ports.choose(ANY_IPV4, ANY_IPV4, 0, (candidate) => !taken.has(candidate))
    expect(port).toBeGreaterThanOrEqual(5000)
    expect(port).toBeLessThanOrEqual(5099)
    expect(taken.has(port)).toBe(false)
    taken.add(port)
  }
  let tried = 0
  expect(ports.choose(ANY_IPV4, ANY_IPV4, 0, () => (tried++, false))).toBe(0)
  expect(tried).toBe(100)
})

test('a range that is none throws', () => {
  for (const range of [[0, 10], [10, 9], [1, 65_536], [1.5, 3]] as [number, number][]) {
    expect(() => new EphemeralPorts(secret, range)).toThrow(RangeError)
  }
})
