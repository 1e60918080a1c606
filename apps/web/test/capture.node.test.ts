import { readPcapng } from '@layerfour/pcap'
import type { PcapngPacket } from '@layerfour/pcap'
import { expect, test } from 'vitest'
import { captureTransfer } from '../src/transfer/capture.ts'
import type { Side } from '../src/transfer/recording.ts'
import { Fate } from '../src/transfer/segment-table.ts'
import { defaultSettings } from '../src/transfer/settings.ts'
import { Transfer } from '../src/transfer/simulation.ts'

const settings = { ...defaultSettings, sendA: 60_000, loss: 3, seed: 5 }

async function capture(side: Side): Promise<{ bytes: Uint8Array, packets: PcapngPacket[] }> {
  const bytes = new Uint8Array(await (await captureTransfer(settings, side)).arrayBuffer())
  const blocks = [...readPcapng(bytes)]
  expect(blocks.filter(({ type }) => type === 'error')).toEqual([])
  return { bytes, packets: blocks.filter((block) => block.type === 'packet') }
}

test('a capture has the packets that its host sent and those that reached it, at their times', async () => {
  const transfer = new Transfer(settings)
  while (transfer.run(1000));
  const { segments } = transfer.recording
  const rows = Array.from({ length: segments.count }, (_, index) => segments.row(index))
  expect(rows.some(({ fate }) => fate === Fate.Lost)).toBe(true)
  for (const side of [0, 1] as const) {
    const times = rows.flatMap((row) => {
      if (row.side === side) return [row.transmittedAt]
      return row.fate === Fate.Delivered ? [row.endedAt] : []
    })
    const { packets } = await capture(side)
    expect(packets.length).toBe(times.length)
    const sorted = times.sort((a, b) => a - b)
    for (const [i, { time }] of packets.entries()) expect(time).toBeCloseTo(sorted[i]!, 5)
  }
})

test('the same settings give the same file, byte for byte', async () => {
  expect((await capture(0)).bytes).toEqual((await capture(0)).bytes)
})

test('state changes stand beside packets as comments', async () => {
  const comments = (await capture(0)).packets.flatMap((packet) => packet.comments)
  expect(comments.join('\n')).toContain('A: SYN-SENT → ESTABLISHED (ReceiveSynAck)')
  expect(comments.join('\n')).toContain('A: FIN-WAIT-2 → TIME-WAIT (ReceiveFin)')
})
