import { dctcp } from '@layerfour/flow'
import { describe, expect, test } from 'vitest'
import { DropReason } from '@layerfour/wire'
import { Script } from './harness.ts'

/** An established connection of ours that both sides gave ECN. */
function withEcn(): Script {
  const script = new Script({ ecn: true })
  script.connect().expect({ flags: 'SEC', seq: 100 })
  script.send({ flags: 'SAE', seq: 500, ack: 101, mss: 1460 })
  script.expect({ flags: 'A', seq: 101, ack: 501 })
  return script
}

describe('explicit congestion notification (RFC 3168)', () => {
  test('§6.1.1: granted by ECE without CWR', () => {
    const script = withEcn()
    script.write('x')
    script.poll()
    expect(script.network.sent.splice(0).map((packet) => packet.trafficClass & 3)).toEqual([2])
  })

  test('§6.1.1: a SYN,ACK that only echoes our flags, or has none, grants nothing', () => {
    for (const flags of ['SAEC', 'SA']) {
      const script = new Script({ ecn: true })
      script.connect().expect({ flags: 'SEC', seq: 100 })
      script.send({ flags, seq: 500, ack: 101 })
      script.write('x')
      script.poll()
      expect(script.network.sent.splice(0).map((packet) => packet.trafficClass & 3)).toEqual([0])
    }
  })

  test('§6.1.1: a listener grants it to who asks, and only then', () => {
    for (const [asked, answer] of [['SEC', 'SAE'], ['S', 'SA'], ['SE', 'SA']] as const) {
      const script = new Script({ ecn: true })
      script.listen()
      script.send({ flags: asked, seq: 500 })
      script.expect({ flags: answer, seq: 100, ack: 501 })
    }
    const script = new Script()
    script.listen()
    script.send({ flags: 'SEC', seq: 500 })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
  })

  test('§6.1.1.1: a SYN that goes out again asks no more', () => {
    const script = new Script({ ecn: true })
    script.connect().expect({ flags: 'SEC', seq: 100 })
    script.advance(1000).expect({ flags: 'S', seq: 100 })
  })

  test('§6.1.3: a mark is echoed with every ACK until CWR', () => {
    const script = withEcn()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'a', tos: 3 })
    script.expect({ flags: 'AE', seq: 101, ack: 502 })
    script.write('b')
    script.expect({ flags: 'PAE', seq: 101, ack: 502, text: 'b' })
    script.send({ flags: 'AC', seq: 502, ack: 102, text: 'c', tos: 2 })
    script.advance(40).expect({ flags: 'A', seq: 102, ack: 503 })
  })

  test('§6.1.2: an echo shrinks the window once a window of text; the next text says CWR', () => {
    const script = withEcn()
    script.write(14_600)
    script.poll()
    script.network.sent.length = 0
    const { cwnd } = script.connection.info()
    script.send({ flags: 'AE', seq: 501, ack: 1561 })
    const reduced = script.connection.info().cwnd
    expect(reduced).toBeLessThan(cwnd)
    expect(reduced).toBeGreaterThanOrEqual(cwnd / 2 - 1460)
    script.send({ flags: 'AE', seq: 501, ack: 3021 })
    expect(script.connection.info().cwnd).toBe(reduced)
    script.send({ flags: 'A', seq: 501, ack: 14_701 })
    script.write('next')
    script.expect({ flags: 'PAC', seq: 14_701, ack: 501, text: 'next' })
    script.connection.noDelay = true
    script.write('more')
    script.expect({ flags: 'PA', seq: 14_705, ack: 501, text: 'more' })
    expect(script.connection.info().retransmissions).toBe(0)
  })

  test('§6.1.5: text that is sent again is not marked as capable', () => {
    const script = withEcn()
    script.write('x')
    script.poll()
    script.network.sent.length = 0
    script.advance(script.connection.info().rto).poll()
    expect(script.network.sent.map((packet) => packet.trafficClass & 3)).toEqual([0])
  })
})

describe('marks that are counted one by one (RFC 8257)', () => {
  function withDctcp(): Script {
    const script = new Script({ ecn: true, congestionControl: dctcp })
    script.connect().expect({ flags: 'SEC', seq: 100 })
    script.send({ flags: 'SAE', seq: 500, ack: 101, mss: 1460 })
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    return script
  }

  test('§3.2: when marks begin or end, what came before is acknowledged as it was, and the new segment at once', () => {
    const script = withDctcp()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'a', tos: 2 })
    script.send({ flags: 'A', seq: 502, ack: 101, text: 'b', tos: 3 })
    script.send({ flags: 'A', seq: 503, ack: 101, text: 'c', tos: 3 })
    script.send({ flags: 'A', seq: 504, ack: 101, text: 'd', tos: 2 })
    script.expect(
      { flags: 'A', seq: 101, ack: 502, window: 65_534 }, { flags: 'AE', seq: 101, ack: 504, window: 65_532 },
      { flags: 'A', seq: 101, ack: 505, window: 65_531 },
    )
    script.quiet()
  })

  test('§3.2: with nothing to acknowledge before, the new segment alone is; marks that go on are acknowledged as ever', () => {
    const script = withDctcp()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'a', tos: 3 })
    script.expect({ flags: 'AE', seq: 101, ack: 502 })
    script.send({ flags: 'A', seq: 502, ack: 101, text: 'b', tos: 3 })
    script.quiet()
    script.advance(40).expect({ flags: 'AE', seq: 101, ack: 503 })
    // CWR ends no echo, the next unmarked segment does.
    script.send({ flags: 'AC', seq: 503, ack: 101, text: 'c', tos: 3 })
    script.advance(40).expect({ flags: 'AE', seq: 101, ack: 504 })
  })

  test('§3.2: a full device keeps them for later', () => {
    const script = withDctcp()
    script.send({ flags: 'A', seq: 501, ack: 101, text: 'a', tos: 2 })
    script.send({ flags: 'A', seq: 502, ack: 101, text: 'b', tos: 3 })
    script.network.answer = DropReason.DeviceQueueFull
    script.tcp.poll(script.now)
    script.network.answer = DropReason.None
    script.advance(50).expect({ flags: 'A', seq: 101, ack: 502 }, { flags: 'AE', seq: 101, ack: 503 })
  })

  test('§3.3: a mark costs its share of the window, not half of it, and CWR is said all the same', () => {
    const script = withDctcp()
    script.write(14_600)
    script.poll()
    script.network.sent.length = 0
    script.send({ flags: 'A', seq: 501, ack: 1561 })
    const { cwnd } = script.connection.info()
    script.send({ flags: 'AE', seq: 501, ack: 3021 })
    expect(script.connection.info().cwnd).toBeGreaterThanOrEqual(cwnd)
    script.write('next')
    script.send({ flags: 'A', seq: 501, ack: 14_701 })
    expect(script.connection.info().retransmissions).toBe(0)
    script.expect({ flags: 'PAC', seq: 14_701, ack: 501, text: 'next' })
  })
})
