import { LearningSwitch, bridge } from '@layerfour/link'
import { expect, test } from 'vitest'
import { EmulatedLink } from '../src/index.ts'
import { journal, network, packetOf, send, sendAt } from './support.ts'

test('1500 bytes at 12 Mbit/s take 1 ms', () => {
  const { simulation, link, atB } = network({ rate: 12_000_000 })
  for (let n = 0; n < 3; n++) send(link.a, packetOf(1500, n))
  simulation.run()
  expect(atB).toEqual([
    { time: 1, first: 0, length: 1500 },
    { time: 2, first: 1, length: 1500 },
    { time: 3, first: 2, length: 1500 },
  ])
  expect(link.stats.aToB.busyTime).toBe(3)
})

test('the delay runs from the last bit on; packets are on the way together', () => {
  const { simulation, link, atB } = network({ rate: 12_000_000, delay: 50 })
  for (let n = 0; n < 3; n++) send(link.a, packetOf(1500))
  simulation.run()
  expect(atB.map(({ time }) => time)).toEqual([51, 52, 53])
})

test('the sender is idle between packets that come apart', () => {
  const { simulation, link, atB } = network({ rate: 12_000_000 })
  sendAt(simulation, [0, 10, 10.5], link.a, () => packetOf(1500))
  simulation.run()
  expect(atB.map(({ time }) => time)).toEqual([1, 11, 12])
  expect(link.stats.aToB.busyTime).toBe(3)
})

test.each([0, Infinity, undefined])('rate %s is unlimited: only the delay counts', (rate) => {
  const { simulation, link, atB } = network({ delay: 5, ...(rate === undefined ? {} : { rate }) })
  for (let n = 0; n < 100; n++) send(link.a, packetOf(1500, n))
  simulation.run()
  expect(atB.map(({ time }) => time)).toEqual(new Array(100).fill(5))
  expect(atB.map(({ first }) => first)).toEqual(Array.from({ length: 100 }, (_, n) => n))
  expect(link.stats.aToB.busyTime).toBe(0)
})

test('busy time grows with the clock, not with what is still queued', () => {
  const { simulation, link } = network({ rate: 12_000_000 })
  for (let n = 0; n < 4; n++) send(link.a, packetOf(1500))
  simulation.run({ until: () => simulation.now >= 2 })
  expect(link.stats.aToB).toMatchObject({ busyTime: 2, queuedPackets: 1, queuedBytes: 1500, inFlight: 2, delivered: 2 })
})

test('each direction has a sender of its own and can be overridden', () => {
  const { simulation, link, atA, atB } = network({ rate: 12_000_000, delay: 10, bToA: { rate: 1_200_000, delay: 0 } })
  send(link.a, packetOf(1500))
  send(link.b, packetOf(1500))
  simulation.run()
  expect(atB[0]!.time).toBe(11)
  expect(atA[0]!.time).toBe(10)
  expect(link.impairments('aToB').delay).toBe(10)
  expect(link.impairments('bToA')).toMatchObject({ delay: 0, rate: 1_200_000, loss: 0 })
})

test('a queue of packets drops those that come when it is full; the one being sent does not count', () => {
  const { simulation, link, atB } = network({ rate: 12_000_000, queue: { packets: 2 } })
  for (let n = 0; n < 5; n++) expect(send(link.a, packetOf(1500, n))).toBe(true)
  // At 1 ms the second packet is being sent, the third waits, and there is room for one more.
  sendAt(simulation, [1, 1], link.a, (n) => packetOf(1500, 10 + n))
  simulation.run()
  expect(atB.map(({ first }) => first)).toEqual([0, 1, 2, 10])
  expect(link.stats.aToB).toMatchObject({ sent: 7, queueDrops: 3, delivered: 4, queuedPackets: 0, queuedBytes: 0 })
})

test('a queue of bytes takes what still fits in whole', () => {
  const { simulation, link, atB } = network({ rate: 12_000_000, queue: { bytes: 2000 } })
  for (const length of [1500, 1500, 600, 500, 1]) send(link.a, packetOf(length))
  simulation.run()
  expect(atB.map(({ length }) => length)).toEqual([1500, 1500, 500])
  expect(link.stats.aToB.queueDrops).toBe(2)
})

test('without a queue a packet is taken when the sender is idle, and not otherwise', () => {
  const { simulation, link, atB } = network({ rate: 12_000_000, queue: { packets: 0 } })
  sendAt(simulation, [0, 0.5, 1, 1.999], link.a, () => packetOf(1500))
  simulation.run()
  expect(atB.map(({ time }) => time)).toEqual([1, 2])
})

test('the queue has 1000 packets unless told otherwise', () => {
  const { simulation, link, atB } = network({ rate: 12_000_000 })
  for (let n = 0; n < 1100; n++) send(link.a, packetOf(100))
  simulation.run()
  expect(atB.length).toBe(1001)
})

test('jitter makes packets late by up to its value, evenly, and never changes their order', () => {
  const { simulation, link, atB } = network({ seed: 3, delay: 20, jitter: 10 })
  const times = (gap: number): number[] => Array.from({ length: 200 }, (_, n) => n * gap)
  sendAt(simulation, times(20), link.a, (n) => packetOf(100, n))
  simulation.run()
  const delays = atB.map(({ time }, n) => time - n * 20)
  expect(delays.every((delay) => delay >= 20 && delay < 30)).toBe(true)
  expect(Math.min(...delays)).toBeLessThan(20.5)
  expect(Math.max(...delays)).toBeGreaterThan(29.5)

  const dense = network({ seed: 3, delay: 20, jitter: 10 })
  sendAt(dense.simulation, times(0.1), dense.link.a, (n) => packetOf(100, n))
  dense.simulation.run()
  expect(dense.atB.map(({ first }) => first)).toEqual(Array.from({ length: 200 }, (_, n) => n))
  expect(dense.link.stats.aToB.reordered).toBe(0)
})

test.each([0.01, 0.1, 0.5])('of 20,000 packets at loss %s as many are lost as the binomial distribution allows', (loss) => {
  for (const seed of [1, 2, 3]) {
    const { simulation, link } = network({ seed, loss, delay: 1, bToA: { loss: loss / 2 } })
    for (let n = 0; n < 20_000; n++) {
      send(link.a, packetOf(40))
      send(link.b, packetOf(40))
      if (n % 100 === 0) simulation.run()
    }
    simulation.run()
    const fourDeviations = 4 * Math.sqrt(20_000 * loss * (1 - loss))
    expect(Math.abs(link.stats.aToB.lost - 20_000 * loss)).toBeLessThan(fourDeviations)
    expect(Math.abs(link.stats.bToA.lost - 10_000 * loss)).toBeLessThan(fourDeviations)
    expect(link.stats.aToB.lost + link.stats.aToB.delivered).toBe(20_000)
  }
})

test('loss 1 loses everything, and a lost packet has used the sender\'s time', () => {
  const { simulation, link, atB } = network({ rate: 12_000_000, delay: 10, loss: 1 })
  send(link.a, packetOf(1500))
  send(link.a, packetOf(1500))
  simulation.run()
  expect(atB).toEqual([])
  expect(link.stats.aToB).toMatchObject({ lost: 2, busyTime: 2, inFlight: 0 })
  // Half way: sent by 2 ms, and 5 of the 10 ms.
  expect(simulation.now).toBe(7)
})

test('a duplicate arrives right after its original and costs the sender nothing', () => {
  const { simulation, link, atB } = network({ rate: 12_000_000, delay: 3, duplicate: 1 })
  send(link.a, packetOf(1500, 1))
  send(link.a, packetOf(1500, 2))
  simulation.run()
  expect(atB.map(({ time, first }) => [time, first])).toEqual([[4, 1], [4, 1], [5, 2], [5, 2]])
  expect(link.stats.aToB).toMatchObject({ sent: 2, duplicated: 2, delivered: 4, bytesSent: 3000, bytesDelivered: 6000, busyTime: 2 })
})

test('corruption flips exactly one bit, anywhere in the packet', () => {
  const { simulation, link } = network({ seed: 4, corrupt: 1 })
  const positions = new Set<number>()
  link.b.attach((bytes, start, end) => {
    const flipped: number[] = []
    for (let at = start; at < end; at++) {
      for (let bit = 0; bit < 8; bit++) if (((bytes[at]! >> bit) & 1) !== ((0b1010_0110 >> bit) & 1)) flipped.push((at - start) * 8 + bit)
    }
    expect(flipped.length).toBe(1)
    positions.add(flipped[0]!)
  })
  for (let n = 0; n < 1000; n++) send(link.a, packetOf(10, 0b1010_0110))
  simulation.run()
  expect(link.stats.aToB.corrupted).toBe(1000)
  expect(positions.size).toBe(80)
})

test('the sender\'s own bytes are copied: never damaged, and free for the next packet at once', () => {
  const { simulation, link, atB } = network({ corrupt: 1, aToB: { corrupt: 0 } })
  const scratch = packetOf(1500, 7)
  send(link.a, scratch)
  scratch.fill(8)
  send(link.a, scratch)
  send(link.b, scratch)
  scratch.fill(9)
  simulation.run()
  expect(atB.map(({ first }) => first)).toEqual([7, 8])
  expect(scratch).toEqual(packetOf(1500, 9))
})

test('packets of all lengths arrive as they were sent, wherever they lay in the sender\'s buffer', () => {
  const { simulation, link } = network()
  const scratch = Uint8Array.from({ length: 4000 }, (_, i) => i * 7 + (i >> 8))
  const expected: Uint8Array[] = []
  const received: Uint8Array[] = []
  link.b.attach((bytes, start, end) => {
    received.push(bytes.slice(start, end))
  })
  const lengths = [1, 127, 128, 129, 129, 200, 200, 1500, 40, 1500]
  const starts = [0, 64, 64, 2500]
  const places = [
    ...lengths.flatMap((length) => starts.map((start) => [start, start + length] as const)),
    ...starts.flatMap((start) => lengths.map((length) => [start, start + length] as const)),
  ]
  for (const [start, end] of places) {
    link.a.transmit(scratch, start, end)
    expected.push(scratch.slice(start, end))
  }
  simulation.run()
  expect(received).toEqual(expected)
})

test.each([1, 3, 64])('a packet that is held back is overtaken by exactly %i others', (reorderGap) => {
  const { simulation, link, atB } = network({ rate: 12_000_000, delay: 10, reorderGap, reorderDelay: 1000 })
  link.change('aToB', { reorder: 1 })
  send(link.a, packetOf(1500, 200))
  simulation.step()
  link.change('aToB', { reorder: 0 })
  for (let n = 0; n < 70; n++) send(link.a, packetOf(1500, n))
  simulation.run()
  const order = atB.map(({ first }) => first)
  expect(order.indexOf(200)).toBe(reorderGap)
  expect(atB[reorderGap]!.time).toBe(atB[reorderGap - 1]!.time)
  expect(link.stats.aToB.reordered).toBe(1)
})

test('a packet that is held back waits no longer than reorderDelay, and is reordered only if another overtook it', () => {
  const { simulation, link, atB } = network({ delay: 10, reorder: 1, reorderDelay: 30 })
  send(link.a, packetOf(100, 1))
  simulation.run()
  expect(atB).toEqual([{ time: 40, first: 1, length: 100 }])
  expect(link.stats.aToB.reordered).toBe(0)
  send(link.a, packetOf(100, 2))
  simulation.step()
  link.change('aToB', { reorder: 0 })
  send(link.a, packetOf(100, 3))
  simulation.run()
  expect(atB.slice(1).map(({ time, first }) => [time, first])).toEqual([[50, 3], [80, 2]])
  expect(link.stats.aToB.reordered).toBe(1)
})

test('with reordering in some packets all still arrive, most of them in order', () => {
  const { simulation, link, atB } = network({ seed: 9, rate: 12_000_000, delay: 10, reorder: 0.05, queue: {} })
  for (let n = 0; n < 2000; n++) send(link.a, packetOf(1500, n))
  simulation.run()
  expect(atB.length).toBe(2000)
  expect(Math.abs(link.stats.aToB.reordered - 100)).toBeLessThan(4 * Math.sqrt(2000 * 0.05 * 0.95))
})

test('changing one kind of fate does not change the others: each draws from a stream of its own', () => {
  const lostAt = (changes: object): string[] => {
    const { lines, observer } = journal()
    const { simulation, link } = network({ seed: 8, loss: 0.1, observer, ...changes })
    for (let n = 0; n < 500; n++) send(link.a, packetOf(100))
    simulation.run()
    return lines.filter((line) => line.endsWith('loss')).map((line) => line.split(' ')[3]!)
  }
  const plain = lostAt({})
  expect(plain.length).toBeGreaterThan(20)
  expect(lostAt({ duplicate: 0.5, corrupt: 0.5, jitter: 3, reorder: 0.2 }).sort()).toEqual(plain.sort())
  expect(lostAt({ seed: 9 })).not.toEqual(plain)
})

test('what is changed holds for packets that enter later', () => {
  const { simulation, link, atB } = network({ delay: 10 })
  send(link.a, packetOf(10, 1))
  simulation.step()
  link.change('aToB', { delay: 1, rate: 80_000 })
  send(link.a, packetOf(10, 2))
  send(link.b, packetOf(10, 3))
  simulation.run()
  // A shorter delay lets no packet overtake: order changes by `reorder` alone.
  expect(atB.map(({ time, first }) => [time, first])).toEqual([[10, 1], [10, 2]])
  expect(link.impairments('aToB')).toMatchObject({ delay: 1, rate: 80_000 })
  expect(link.impairments('bToA').delay).toBe(10)
})

test('the observer sees every packet sent, dropped and delivered, at its virtual time', () => {
  const { lines, observer } = journal()
  const { simulation, link } = network({ rate: 12_000_000, delay: 10, queue: { packets: 1 }, observer, bToA: { loss: 1 } })
  for (let n = 0; n < 3; n++) send(link.a, packetOf(1500))
  sendAt(simulation, [11], link.b, () => packetOf(750))
  simulation.run()
  expect(lines).toEqual([
    '0 sent aToB 0 1500B 0-1',
    '0 sent aToB 1 1500B 0-2',
    '0 sent aToB 2 1500B 0-0',
    '0 dropped aToB 2 1500B 0-0 queue',
    '11 delivered aToB 0 1500B 0-1',
    '11 sent bToA 0 750B 11-11.5',
    '12 delivered aToB 1 1500B 0-2',
    '16.5 dropped bToA 0 750B 11-11.5 loss',
  ])
})

test('what is due at the same time leaves in the order in which it entered, whichever way it goes', () => {
  const { lines, observer } = journal()
  const { simulation, link } = network({ delay: 10, observer })
  for (const device of [link.b, link.a, link.a, link.b]) send(device, packetOf(1))
  simulation.run()
  expect(lines.filter((line) => line.includes('delivered'))).toEqual([
    '10 delivered bToA 0 1B 0-0',
    '10 delivered aToB 0 1B 0-0',
    '10 delivered aToB 1 1B 0-0',
    '10 delivered bToA 1 1B 0-0',
  ])
})

test('what a receiver sends at once enters at the same time, at the next poll', () => {
  const { simulation, link } = network({ delay: 10 })
  const arrivals: number[] = []
  link.b.attach((bytes, start, end) => {
    link.b.transmit(bytes, start, end)
  })
  link.a.attach(() => arrivals.push(simulation.now))
  send(link.a, packetOf(100))
  simulation.run()
  expect(arrivals).toEqual([20])
})

test('an observer may come and go, and may want some of the events only', () => {
  const times: number[] = []
  const { simulation, link } = network({ delay: 1 })
  send(link.a, packetOf(1))
  simulation.run()
  link.observer = { delivered: ({ time }) => times.push(time) }
  send(link.a, packetOf(1))
  simulation.run()
  link.observer = null
  send(link.a, packetOf(1))
  simulation.run()
  expect(times).toEqual([2])
})

test('the observer sees the bytes as they were sent and as they arrive', () => {
  const { simulation, link } = network({ corrupt: 1 })
  const seen: string[] = []
  const note = ({ bytes, start, end }: { bytes: Uint8Array, start: number, end: number }): void => {
    seen.push(bytes.subarray(start, end).every((byte) => byte === 5) ? 'whole' : 'damaged')
  }
  link.observer = { transmitted: note, delivered: note }
  send(link.a, packetOf(100, 5))
  simulation.run()
  expect(seen).toEqual(['whole', 'damaged'])
})

test('a packet for an end that nobody is attached to, or that is closed, is dropped when it arrives', () => {
  const { lines, observer } = journal()
  const link = new EmulatedLink({ delay: 5, observer })
  send(link.a, packetOf(1))
  link.poll(0)
  link.poll(5)
  expect(lines.at(-1)).toBe('5 dropped aToB 0 1B 0-0 unattended')
  link.b.attach(() => {})
  send(link.a, packetOf(1))
  link.poll(6)
  link.b.close()
  link.poll(11)
  expect(link.stats.aToB).toMatchObject({ unattended: 2, inFlight: 0, delivered: 0 })
  expect(send(link.b, packetOf(1))).toBe(true)
  expect(link.deadline).toBe(Infinity)
})

test('closing the link drops what is in it and closes both ends', () => {
  const { simulation, link, atB } = network({ rate: 12_000_000, delay: 5, reorder: 0.5 })
  for (let n = 0; n < 50; n++) send(link.a, packetOf(1500))
  simulation.run({ until: () => atB.length >= 10 })
  send(link.a, packetOf(1500))
  const delivered = atB.length
  link.close()
  link.close()
  expect(link.deadline).toBe(Infinity)
  expect(link.a.closed && link.b.closed).toBe(true)
  expect(link.stats.aToB).toMatchObject({ sent: 51, delivered, unattended: 51 - delivered, inFlight: 0, queuedPackets: 0 })
  expect(link.stats.aToB.queuedBytes).toBe(0)
  expect(delivered).toBeLessThan(20)
})

test('packets longer than the MTU, and empty ones, are dropped and counted at the device', () => {
  const { simulation, link, atB } = network({ mtu: 1000 })
  for (const length of [0, 1000, 1001]) expect(send(link.a, packetOf(length))).toBe(true)
  simulation.run()
  expect(atB.map(({ length }) => length)).toEqual([1000])
  expect(link.a.counters).toMatchObject({ packetsOut: 1, tooLong: 1, tooShort: 1 })
  expect(link.stats.aToB.sent).toBe(1)
})

test('when its memory is full the device refuses packets, and takes them again when some have left', () => {
  const { simulation, link, atB } = network({ memory: 4096, delay: 1 })
  const taken = [1, 2, 3, 4].map((n) => send(link.a, packetOf(1500, n)))
  expect(taken).toEqual([true, true, false, false])
  expect(link.a.counters.refused).toBe(2)
  simulation.run()
  expect(send(link.a, packetOf(1500, 5))).toBe(true)
  simulation.run()
  expect(atB.map(({ first }) => first)).toEqual([1, 2, 5])
})

test('memory grows as needed up to its limit, and is all usable', () => {
  const { simulation, link, atB } = network({ memory: 2 ** 20, delay: 1, queue: {} })
  for (let round = 0; round < 3; round++) {
    let taken = 0
    while (send(link.a, packetOf(1500, taken))) taken++
    expect(taken).toBe(512)
    simulation.run()
    expect(atB.splice(0).map(({ first }) => first)).toEqual(Array.from({ length: 512 }, (_, n) => n & 255))
  }
})

test('a link with the largest MTU carries its longest packets', () => {
  const { simulation, link, atB } = network({ mtu: 65_535, medium: 'ethernet', memory: 2 ** 18 })
  expect([1, 2, 3].map((n) => send(link.a, packetOf(65_549, n)))).toEqual([true, true, false])
  simulation.run()
  expect(atB.map(({ first, length }) => [first, length])).toEqual([[1, 65_549], [2, 65_549]])
})

test('a duplicate for which there is no memory is not made', () => {
  const { simulation, link, atB } = network({ memory: 4096, duplicate: 1 })
  for (let n = 0; n < 2; n++) send(link.a, packetOf(1500))
  simulation.run()
  expect(atB.length).toBe(2)
  expect(link.stats.aToB).toMatchObject({ duplicated: 0, inFlight: 0 })
})

test('a receiver that throws loses no other packet', () => {
  const { simulation, link } = network()
  let calls = 0
  link.b.attach(() => {
    if (++calls === 2) throw new Error('mine')
  })
  for (let n = 0; n < 4; n++) send(link.a, packetOf(100))
  expect(() => simulation.run()).toThrow('mine')
  simulation.run()
  expect(calls).toBe(4)
  expect(link.stats.aToB.inFlight).toBe(0)
})

test('links with a switch between them are one Ethernet', () => {
  const { simulation, link: left, atA } = network({ medium: 'ethernet', delay: 1 })
  const right = simulation.add(new EmulatedLink({ medium: 'ethernet', delay: 2 }))
  const hub = new LearningSwitch()
  bridge(left.b, hub.addPort())
  bridge(right.a, hub.addPort())
  const frame = packetOf(60, 0xff)
  frame.set(right.b.hardwareAddress!, 6)
  send(right.b, frame)
  simulation.run()
  expect(atA).toEqual([{ time: 3, first: 0xff, length: 60 }])
})

test('Ethernet ends have hardware addresses, given ones or their own', () => {
  const link = new EmulatedLink({ medium: 'ethernet' })
  expect([...link.a.hardwareAddress!, ...link.b.hardwareAddress!]).toEqual([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2])
  const hardwareAddresses = [Uint8Array.of(2, 1, 0, 0, 0, 1), Uint8Array.of(2, 1, 0, 0, 0, 2)] as const
  expect(new EmulatedLink({ medium: 'ethernet', hardwareAddresses }).b.hardwareAddress).toEqual(hardwareAddresses[1])
  expect(new EmulatedLink().a.hardwareAddress).toBeUndefined()
})

test('wrong options throw, saying what was got and what was expected', () => {
  expect(() => new EmulatedLink({ rate: -1 })).toThrow(new RangeError('rate is -1, expected at least 0 bit/s'))
  expect(() => new EmulatedLink({ rate: NaN })).toThrow(RangeError)
  expect(() => new EmulatedLink({ delay: Infinity })).toThrow('delay is Infinity, expected a finite number of ms of at least 0')
  expect(() => new EmulatedLink({ jitter: -1 })).toThrow('jitter is -1')
  for (const name of ['loss', 'duplicate', 'corrupt', 'reorder']) {
    expect(() => new EmulatedLink({ [name]: 1.01 })).toThrow(`${name} is 1.01, expected a probability from 0 to 1`)
  }
  expect(() => new EmulatedLink({ bToA: { loss: NaN } })).toThrow('loss is NaN')
  expect(() => new EmulatedLink({ reorderGap: 0 })).toThrow('reorderGap is 0, expected a whole number of packets of at least 1')
  expect(() => new EmulatedLink({ queue: { packets: -1 } })).toThrow('queue.packets is -1, expected at least 0 packets')
  expect(() => new EmulatedLink({ seed: 0.5 })).toThrow('seed is 0.5')
  expect(() => new EmulatedLink({ memory: 3000 })).toThrow(RangeError)
  expect(() => new EmulatedLink({ memory: 1024 })).toThrow(
    'memory is 1024, expected a power of two from 2048 (for one packet of 1500 bytes) to 1073741824',
  )
  expect(() => new EmulatedLink().poll(NaN)).toThrow('now is NaN')
  expect(() => new EmulatedLink().change('up' as 'aToB', {})).toThrow("direction is up, expected 'aToB' or 'bToA'")
})

test('a link that damages packets cannot promise that they need no verification', () => {
  const offload = { transmit: true, receive: true }
  expect(() => new EmulatedLink({ offload, corrupt: 0.1 })).toThrow('corrupt is 0.1 and offload.receive true')
  const link = new EmulatedLink({ offload })
  expect(() => {
    link.change('bToA', { corrupt: 0.1 })
  }).toThrow(TypeError)
  expect(link.impairments('bToA').corrupt).toBe(0)
})
