import { fixedWindow } from '@layerfour/flow'
import { DropReason } from '@layerfour/wire'
import { expect, test } from 'vitest'
import type { Connection } from '../src/index.ts'
import { filler, Script } from './harness.ts'

const QUANTUM = 262_144
const MSS = 1460

/** Two connections of one host, neither of which the network or its peer holds back: the first of them, then the second in `connection`. */
function twoConnections(): { script: Script, greedy: Connection, modest: Connection } {
  const script = new Script({
    congestionControl: fixedWindow(1000), windowScaling: true, initialBuffer: 1 << 20, sendBuffer: 1 << 20, receiveBuffer: 1 << 20,
  })
  const peer = { scale: 8, window: 65_535 }
  script.establish({}, peer)
  const greedy = script.connection
  script.localPort++
  script.establish({}, peer)
  for (const connection of [greedy, script.connection]) connection.tcb.snd.wnd = 1 << 20
  return { script, greedy, modest: script.connection }
}

test('a connection with much to send goes on in the next poll, at once, and others have their turn in between', () => {
  const { script, greedy, modest } = twoConnections()
  const text = new Uint8Array(480 * MSS)
  expect(greedy.send(text, 0, text.length)).toBe(text.length)
  expect(modest.send(text, 0, 100)).toBe(100)
  const bytes = (): number[] => script.network.sent.splice(0).map((packet) => packet.bytes.length - 20)

  expect(script.tcp.poll(script.now)).toBe(-Infinity)
  const first = bytes()
  expect(first.at(-1)).toBe(100)
  expect(first.slice(0, -1)).toEqual(Array.from({ length: Math.ceil(QUANTUM / MSS) }, () => MSS))
  expect(script.tcp.poll(script.now)).toBe(-Infinity)
  expect(bytes()).toHaveLength(Math.ceil(QUANTUM / MSS))
  expect(script.tcp.poll(script.now)).toBeGreaterThan(script.now)
  expect(bytes().reduce((sum, length) => sum + length, 0)).toBe(text.length - 2 * Math.ceil(QUANTUM / MSS) * MSS)
})

test('a full device delays who has more, too', () => {
  const { script, greedy } = twoConnections()
  greedy.send(new Uint8Array(700_000), 0, 700_000)
  script.tcp.poll(script.now)
  script.network.answer = DropReason.DeviceQueueFull
  const retry = script.tcp.poll(script.now)
  expect(retry).toBeGreaterThan(script.now)
  script.network.answer = DropReason.None
  expect(script.tcp.poll(retry)).toBe(-Infinity)
})

test('what a device takes of a train is on its way, the rest follows, and the FIN with the last of it', () => {
  const script = new Script().establish()
  const { network } = script
  const send = network.send.bind(network)
  let room = 2
  network.send = (meta, length) => room-- > 0 ? send(meta, length) : DropReason.DeviceQueueFull
  script.write(4 * MSS + 10)
  script.connection.close(script.now)
  script.expect(
    { flags: 'A', seq: 101, ack: 501, text: filler(MSS) },
    { flags: 'A', seq: 101 + MSS, ack: 501, text: filler(MSS, MSS) },
  )
  expect(script.connection.info()).toMatchObject({ inFlight: 2 * MSS })
  room = 2
  script.advance(5).expect(
    { flags: 'A', seq: 101 + 2 * MSS, ack: 501, text: filler(MSS, 2 * MSS) },
    { flags: 'A', seq: 101 + 3 * MSS, ack: 501, text: filler(MSS, 3 * MSS) },
  )
  room = 2
  script.advance(5).expect({ flags: 'FPA', seq: 101 + 4 * MSS, ack: 501, text: filler(10, 4 * MSS) })
  script.send({ flags: 'A', seq: 501, ack: 101 + 4 * MSS + 11 })
  script.quiet()
  expect(script.connection.info()).toMatchObject({ inFlight: 0, retransmissions: 0 })
})
