import { bbr, cubic, MAX_CONGESTION_WINDOW, newReno, reno, tahoe, vegas } from '@layerfour/flow'
import type { CongestionControl } from '@layerfour/flow'
import { describe, expect, test } from 'vitest'
import type { Connection, CongestionTrace, TcpObserver } from '../src/index.ts'
import { State } from '../src/index.ts'
import { filler, Script } from './harness.ts'
import { run } from './two-tcps.ts'

const MSS = 1460

/** A script whose observer keeps what it is told, and which objects it was lent. */
function traced(options: ConstructorParameters<typeof Script>[0] = {}) {
  const traces: CongestionTrace[] = []
  const lent = new Set<object>()
  const observer: TcpObserver = {
    congestionTrace(_tcb, trace) {
      lent.add(trace)
      traces.push({ ...trace })
    },
  }
  const script = new Script({ ...options, observer })
  /** What came since the last call. */
  const take = (): CongestionTrace[] => traces.splice(0)
  return { script, take, lent }
}

describe('congestion control of one connection', () => {
  test('is CUBIC unless something else is asked for, of the TCP or of the connection', () => {
    const nameOf = (script: Script): string => script.establish().connection.info().congestionControl
    expect(nameOf(new Script())).toBe('cubic')
    expect(nameOf(new Script({ congestionControl: vegas }))).toBe('vegas')
    const script = new Script({ congestionControl: vegas }).establish({ congestionControl: bbr })
    expect(script.connection.congestionControl).toBe(bbr)
  })

  test('changes while the connection lives: the new one begins with the window and the threshold of the old one', () => {
    const { connection } = new Script().establish()
    const { congestion } = connection.tcb
    congestion.cwnd = 7 * MSS
    congestion.ssthresh = 5 * MSS
    connection.setCongestionControl(newReno)
    expect(connection.info()).toMatchObject({ congestionControl: 'newreno', cwnd: 7 * MSS, ssthresh: 5 * MSS })
    expect(connection.tcb.congestion).not.toBe(congestion)
    connection.setCongestionControl(newReno)
    expect(connection.info().cwnd).toBe(7 * MSS)
  })

  test('changes before the handshake is done: the connection begins as the new one begins', () => {
    const script = new Script().connect()
    script.connection.setCongestionControl(reno)
    script.expect({ flags: 'S', seq: 100 })
    script.send({ flags: 'SA', seq: 500, ack: 101, mss: MSS })
    script.expect({ flags: 'A', seq: 101, ack: 501 })
    expect(script.connection.info()).toMatchObject({ congestionControl: 'reno', cwnd: MSS, ssthresh: 65_536 })
  })

  test('is inherited from the listener as it was when the SYN came', () => {
    const script = new Script()
    const listener = script.listen({ congestionControl: reno })
    script.send({ flags: 'S', seq: 500, mss: MSS })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    listener.configure({ congestionControl: vegas })
    script.send({ flags: 'A', seq: 501, ack: 101 })
    expect(listener.accept()!.info().congestionControl).toBe('reno')
    script.remotePort++
    script.send({ flags: 'S', seq: 500, mss: MSS })
    script.expect({ flags: 'SA', seq: 100, ack: 501 })
    script.send({ flags: 'A', seq: 501, ack: 101 })
    expect(listener.accept()!.info().congestionControl).toBe('vegas')
  })

  test('an object that is none is refused where it is given, not when a SYN comes', () => {
    const script = new Script()
    const wrong = { name: 'half', create: reno.create } as unknown as CongestionControl
    expect(() => script.listen({ congestionControl: wrong })).toThrow(new TypeError('a congestion control without onAck, expected a CongestionControl object'))
    const listener = script.listen()
    expect(() => listener.configure({ congestionControl: 'reno' as unknown as CongestionControl })).toThrow('without name')
    expect(listener.options.congestionControl).toBeUndefined()
    expect(() => new Script({ congestionControls: [wrong] })).toThrow('without onAck')
    expect(() => new Script().establish().connection.setCongestionControl(wrong)).toThrow(TypeError)
  })

  test('algorithms answer to their names: those of the options, and those that connections brought along', () => {
    const { tcp, connection } = new Script({ congestionControls: [reno, cubic] }).establish()
    expect(['cubic', 'reno', 'bbr', ''].map((name) => tcp.findCongestionControl(name))).toEqual([cubic, reno, undefined, undefined])
    connection.setCongestionControl(bbr)
    expect(tcp.findCongestionControl('bbr')).toBe(bbr)
    expect(tcp.congestionControl).toBe(cubic)
    expect(() => new Script({ congestionControls: [reno, { ...reno }] })).toThrow('two congestion controls are called reno')
  })

  test('a snapshot is restored by the name of its algorithm, or refused with the names that are known', () => {
    const script = new Script().establish({ congestionControl: reno })
    const snapshot = script.connection.snapshot(script.now)
    const other = new Script({ congestionControls: [reno] })
    const restored = other.tcp.restore(snapshot, other.now) as Connection
    expect(restored.congestionControl).toBe(reno)
    expect(() => new Script({ congestionControls: [vegas] }).tcp.restore(snapshot, 0))
      .toThrow('the snapshot\'s congestion control is reno, this TCP knows cubic, vegas')
  })

  test('in the middle of a recovery: what SACK showed to be lost is repaired, though the new one looks at duplicate ACKs', () => {
    const script = new Script({ sack: true }).establish({}, { sackPermitted: true })
    script.write(10 * MSS)
    script.poll()
    script.network.sent.length = 0
    for (let to = 4; to <= 6; to++) script.send({ flags: 'A', seq: 501, ack: 101, sack: [[101 + 3 * MSS, 101 + to * MSS]] })
    expect(script.connection.info().recovering).toBe(true)
    script.connection.setCongestionControl(reno)
    expect(script.connection.info()).toMatchObject({ recovering: false, cwnd: 7 * MSS })
    script.expect(...[0, 1, 2].map((index) => ({ flags: 'A', seq: 101 + index * MSS, ack: 501, text: filler(MSS, index * MSS) })))
    script.send({ flags: 'A', seq: 501, ack: 101 + 10 * MSS })
    script.write(2 * MSS)
    script.poll()
    // And the next loss is found and ended as Reno does.
    script.write(6 * MSS)
    script.poll()
    for (let duplicate = 1; duplicate <= 3; duplicate++) script.send({ flags: 'A', seq: 501, ack: 101 + 10 * MSS })
    expect(script.connection.info().recovering).toBe(true)
    script.send({ flags: 'A', seq: 501, ack: 101 + 17 * MSS })
    expect(script.connection.info().recovering).toBe(false)
  })

  test('a false alarm of the time before does not bring back the old window', () => {
    const script = new Script({ sack: true }).establish({}, { sackPermitted: true })
    script.write(10 * MSS)
    script.poll()
    for (let to = 4; to <= 6; to++) script.send({ flags: 'A', seq: 501, ack: 101, sack: [[101 + 3 * MSS, 101 + to * MSS]] })
    script.poll()
    script.connection.setCongestionControl(newReno)
    script.connection.tcb.congestion.cwnd = 4 * MSS
    // Each of the three arrived twice (RFC 2883): nothing had been lost.
    for (let index = 0; index < 3; index++) {
      const [from, to] = [101 + index * MSS, 101 + (index + 1) * MSS]
      script.send({ flags: 'A', seq: 501, ack: 101 + 6 * MSS, sack: [[from, to]] })
    }
    expect(script.connection.info().cwnd).toBeLessThan(10 * MSS)
  })

  test('whatever algorithms follow each other in whatever moment, everything arrives and nothing is left over', () => {
    const algorithms = [cubic, tahoe, bbr, reno, newReno, vegas]
    let changesInRecovery = 0
    for (let seed = 1; seed <= 12; seed++) {
      let steps = 0
      run(seed, { loss: 0.05, duplicate: 0, corrupt: 0, delay: 10, jitter: 0 }, [150_000, 150_000], {}, (_pair, ends) => {
        for (const { connection } of ends) {
          if (connection.state !== State.ESTABLISHED || ++steps % 7 !== 0) continue
          if (connection.info().recovering) changesInRecovery++
          connection.setCongestionControl(algorithms[steps % algorithms.length]!)
        }
      })
    }
    expect(changesInRecovery).toBeGreaterThan(30)
  })
})

describe('the trace of congestion control', () => {
  test('begins when the connection is established, and comes with every ACK of text, in one object', () => {
    const { script, take, lent } = traced()
    script.connect().expect({ flags: 'S', seq: 100 })
    expect(take()).toEqual([])
    script.advance(50)
    script.send({ flags: 'SA', seq: 500, ack: 101, mss: MSS })
    expect(take()).toEqual([{
      control: 'cubic', phase: 'slow-start', recovery: 'open', cwnd: 10 * MSS, ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0, inFlight: 0,
      srtt: 50, minRtt: 50, rto: 200, delivered: 0, deliveryRate: 0,
    }])
    script.write(4 * MSS)
    script.poll()
    script.advance(100)
    script.send({ flags: 'A', seq: 501, ack: 101 + 2 * MSS })
    const { cwnd, rtt, rto } = script.connection.info()
    expect(take()).toEqual([{
      control: 'cubic', phase: 'slow-start', recovery: 'open', cwnd, ssthresh: MAX_CONGESTION_WINDOW, pacingRate: 0, inFlight: 2 * MSS,
      srtt: rtt, minRtt: 50, rto, delivered: 2 * MSS, deliveryRate: 2 * MSS * 1000 / 100,
    }])
    expect(lent.size).toBe(1)
  })

  test('comes with the loss that duplicate ACKs show, with a timeout and with the end of recovery', () => {
    const { script, take } = traced({ congestionControl: newReno })
    script.establish()
    script.write(10 * MSS)
    script.poll()
    take()
    for (let duplicate = 1; duplicate <= 3; duplicate++) script.send({ flags: 'A', seq: 501, ack: 101 })
    expect(take().map(({ recovery, cwnd }) => [recovery, cwnd])).toEqual([['open', 10 * MSS], ['open', 10 * MSS], ['recovery', 5 * MSS]])
    script.send({ flags: 'A', seq: 501, ack: 101 + 10 * MSS })
    expect(take()).toMatchObject([{ recovery: 'open', ssthresh: 5 * MSS, inFlight: 0 }])
    script.write(MSS)
    script.poll()
    script.advance(script.connection.info().rto).poll()
    expect(take()).toMatchObject([{ recovery: 'loss', cwnd: MSS, deliveryRate: 0 }])
  })

  test('comes with a tail loss probe, with losses that time shows, and with the restart after idle time', () => {
    const { script, take } = traced({ sack: true })
    script.connect().poll()
    script.advance(100)
    script.send({ flags: 'SA', seq: 500, ack: 101, mss: MSS, sackPermitted: true })
    script.write(3 * MSS)
    script.poll()
    take()
    script.advance(script.connection.info().timers.lossProbe! - script.now).poll()
    expect(take()).toMatchObject([{ recovery: 'open', inFlight: 3 * MSS, deliveryRate: 0 }])
    script.send({ flags: 'A', seq: 501, ack: 101, sack: [[101 + MSS, 101 + 2 * MSS]] })
    expect(take()).toMatchObject([{ recovery: 'open', delivered: MSS }])
    script.advance(script.connection.info().timers.reorder! - script.now).poll()
    expect(take()).toMatchObject([{ recovery: 'recovery' }])
    script.send({ flags: 'A', seq: 501, ack: 101 + 3 * MSS })
    script.poll()
    take()
    script.advance(10_000)
    script.write(MSS)
    script.poll()
    expect(take()).toMatchObject([{ cwnd: script.connection.info().cwnd, delivered: 3 * MSS, inFlight: 0, deliveryRate: 0 }])
  })

  test('tells an algorithm\'s own phases, and the rate at which segments are spread', () => {
    const { script, take } = traced({ congestionControl: bbr })
    script.establish()
    expect(take()).toMatchObject([{ control: 'bbr', phase: 'startup', pacingRate: script.connection.tcb.congestion.pacingRate }])
    const paced = traced({ pacing: true })
    paced.script.connect().poll()
    paced.script.advance(100)
    paced.script.send({ flags: 'SA', seq: 500, ack: 101, mss: MSS })
    expect(paced.take()).toMatchObject([{ pacingRate: 2 * 10 * MSS * 10 }])
  })

  test('an observer that does not want it is not asked, and two TCPs do not share the object', () => {
    const { script, lent } = traced()
    const second = traced()
    script.establish()
    second.script.establish()
    new Script({ observer: {} }).establish()
    expect([...lent][0]).not.toBe([...second.lent][0])
  })
})
