import { describe, expect, test } from 'vitest'
import type { Comparison } from '../src/kernel-comparison/comparison.ts'
import { ratios, summarizeSender } from '../src/kernel-comparison/comparison.ts'
import { markdown } from '../src/kernel-comparison/markdown.ts'
import { comparisonReport } from '../src/kernel-comparison/report.ts'
import { scenarios } from '../src/kernel-comparison/scenarios.ts'
import { parseSs } from '../src/kernel-comparison/ss.ts'
import { block, StreamCheck } from '../src/kernel-comparison/stream.ts'
import type { Run } from '../src/kernel-comparison/test-bed.ts'

const counts = { bytesSent: 0, delivered: 0, bytesDelivered: 0, unattended: 0, duplicated: 0, corrupted: 0, reordered: 0, busyTime: 0,
  queuedPackets: 0, queuedBytes: 0, inFlight: 0 }

function run(bytes: number, retransmissions = 0, strayDrops = 0): Run {
  const way = { ...counts, sent: 100, lost: 5, queueDrops: 2 }
  return {
    received: { bytes, duration: 1000, sound: true, course: [] },
    sender: { congestionControl: 'cubic', retransmissions, cwnd: 14_480, rtt: 21, minRtt: 20 },
    path: { aToB: way, bToA: way, lateness: { median: 0.03, p99: 0.2, max: 4 }, refused: 0 },
    strayDrops,
  }
}

const comparison: Comparison = {
  scenario: scenarios[0]!,
  rounds: [
    { seed: 1, runs: { kernel: run(2_000_000), layerfour: run(1_000_000, 9) } },
    { seed: 2, runs: { kernel: run(1_000_000), layerfour: run(1_100_000, 7) } },
    { seed: 3, runs: { kernel: run(1_000_000), layerfour: run(900_000, 8) } },
  ],
}

describe('comparison with the kernel', () => {
  test('ratios are taken between runs with the same seed', () => {
    expect(ratios(comparison)).toMatchObject({ median: 0.9 })
    expect(ratios({ ...comparison, rounds: [{ seed: 1, runs: { kernel: run(1) } }] })).toBeUndefined()
  })

  test('a sender is summed up over the rounds', () => {
    expect(summarizeSender(comparison, 'layerfour')).toMatchObject({
      congestionControl: 'cubic', goodput: { median: 8 }, least: 7.2, most: 8.8, retransmissions: 8, lost: 5, queueDrops: 2,
    })
    // 8 Mbit/s of what 20 Mbit/s of packets carry.
    expect(summarizeSender(comparison, 'kernel')!.utilisation).toBeCloseTo(8 / (20 * 1448 / 1500), 6)
  })

  test('both senders stand in one table', () => {
    expect(comparisonReport(comparison).split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'clean: Nothing but a full buffer: 20 Mbit/s, 20 ms, buffer of 33 packets',
      ' | Mbit/s | from–to | of the link | × kernel | sent again | lost | queue full | late | at most',
      'kernel, cubic | 8.00 | 8.00–16.00 | 41.4 % | 0 | 5 | 2 | 0.20 ms | 4.0 ms',
      'layerfour, cubic | 8.00 | 7.20–8.80 | 41.4 % | 0.900 | 8 | 5 | 2 | 0.20 ms | 4.0 ms',
    ])
  })

  test('packets that were dropped elsewhere than on the path are told', () => {
    const spoilt = { ...comparison, rounds: [{ seed: 1, runs: { kernel: run(1, 0, 3) } }] }
    expect(comparisonReport(spoilt)).toContain('3 packets were dropped outside of the emulated path')
  })

  test('the page has a section for each scenario', () => {
    const runtime = { name: 'Node' as const, version: '24', engine: 'V8', platform: 'linux x64', cpu: 'a CPU', cpus: 2 }
    const page = markdown({ schema: 1, runtime, kernel: '6.18', date: '2026-11-20T12:00:00Z', duration: 8000, comparisons: [comparison] })
    expect(page).toContain('3 rounds of 8 s. Linux 6.18, Node 24,\n2 × a CPU, 2026-11-20.')
    expect(page).toContain('### clean\n')
    expect(page).toContain('| layerfour, cubic | 8.00 | 7.20–8.80 | 41.4 % | 0.900 | 8 | 5 | 2 | 0.20 ms | 4.0 ms |')
  })

  test('a buffer is counted in packets of 1,500 bytes', () => {
    const packets = scenarios.map(({ link }) => link.aToB!.queue!.packets)
    expect(packets).toEqual([33, 42, 83, 50, 25])
  })
})

describe('what ss says', () => {
  const line = 'ESTAB 0      4194304 10.1.1.1:54664 10.1.1.2:7777\n\t cubic wscale:10,10 rto:224 rtt:20.629/0.223 mss:1448 pmtu:1500'
    + ' cwnd:12 ssthresh:8 bytes_sent:3000000 bytes_retrans:17376 segs_out:112 retrans:1/12 rcv_space:14600 minrtt:20.004\n'

  test('gives the sender its figures', () => {
    expect(parseSs(line)).toEqual({ congestionControl: 'cubic', retransmissions: 12, cwnd: 12 * 1448, rtt: 20.629, minRtt: 20.004 })
  })

  test('has no retransmissions while there are none', () => {
    expect(parseSs(line.replace('retrans:1/12 ', ''))).toMatchObject({ retransmissions: 0 })
  })

  test('is an error without a connection', () => {
    expect(() => parseSs('')).toThrow('no connection')
  })
})

describe('the text', () => {
  test('repeats, and is checked across its seam', () => {
    const text = Buffer.concat([block.subarray(block.length - 10), block, block.subarray(0, 5)])
    const check = new StreamCheck()
    check.add(Buffer.from(block.buffer, 0, block.length - 10), block.length - 10)
    check.add(text, text.length)
    expect(check).toEqual({ offset: 2 * block.length + 5, sound: true })
  })

  test('with one wrong byte is not sound, and no byte after it counts', () => {
    const text = Buffer.from(block.subarray(0, 3000))
    text[2000]! ^= 1
    const check = new StreamCheck()
    check.add(text.subarray(0, 1500), 1500)
    check.add(text.subarray(1500), 1500)
    check.add(text.subarray(0, 100), 100)
    expect(check).toEqual({ offset: 1500, sound: false })
  })
})
