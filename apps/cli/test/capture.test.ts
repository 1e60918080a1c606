import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { readPcapng } from '@layerfour/pcap'
import type { PcapngPacket } from '@layerfour/pcap'
import { missingCommand } from '../../../testing/missing.node.ts'
import { optional } from '../../../testing/optional.ts'
import { openSource } from '../src/transfer/byte-source.ts'
import type { CaptureSummary } from '../src/transfer/capture.ts'
import { Capture } from '../src/transfer/capture.ts'
import type { TransferResult } from '../src/transfer/run-transfer.ts'
import { runTransfer } from '../src/transfer/run-transfer.ts'
import type { HostName } from '../src/transfer/settings.ts'
import { defaultSettings } from '../src/transfer/settings.ts'
import { runtimes } from './_runtimes.ts'

const folder = mkdtempSync(join(tmpdir(), 'l4-capture-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Captured { readonly summary: CaptureSummary, readonly result: TransferResult, readonly packets: PcapngPacket[] }

function captured(file: string, host: HostName, size: number): Captured {
  const path = join(folder, file)
  const capture = new Capture(path, host, 'a test')
  const result = runTransfer(defaultSettings, openSource(undefined, size), { capture })
  const summary = capture.close()
  const blocks = [...readPcapng(readFileSync(path))]
  expect(blocks.filter(({ type }) => type === 'error')).toEqual([])
  return { summary, result, packets: blocks.filter((block) => block.type === 'packet') }
}

describe('a capture', () => {
  it("has the packets that pass the host's interface, in order of time", () => {
    for (const host of ['client', 'server'] as const) {
      const { summary, result, packets } = captured('a.pcapng', host, 100_000)
      const { clientToServer, serverToClient } = result.link
      const expected = host === 'client' ? clientToServer.sent + serverToClient.delivered : serverToClient.sent + clientToServer.delivered
      expect(packets).toHaveLength(expected)
      expect(summary.packets).toBe(expected)
      expect(packets.map(({ time }) => time)).toEqual(packets.map(({ time }) => time!).toSorted((a, b) => a - b))
    }
  })

  it('each state change of both hosts is the comment of one packet', () => {
    const comments = captured('b.pcapng', 'client', 20_000).packets.flatMap((packet) => packet.comments.flatMap((comment) => comment.split('\n')))
    expect(comments.map((comment) => comment.replace(/ at [\d,.]+ ms/, ''))).toEqual([
      'client: CLOSED → SYN-SENT (ActiveOpen)',
      'server: LISTEN → SYN-RECEIVED (ReceiveSyn)',
      'client: SYN-SENT → ESTABLISHED (ReceiveSynAck)',
      'client: ESTABLISHED → FIN-WAIT-1 (Close)',
      'server: SYN-RECEIVED → ESTABLISHED (ReceiveAckOfSyn)',
      'server: ESTABLISHED → CLOSE-WAIT (ReceiveFin)',
      'server: CLOSE-WAIT → LAST-ACK (Close)',
      'client: FIN-WAIT-1 → FIN-WAIT-2 (ReceiveAckOfFin)',
      'client: FIN-WAIT-2 → TIME-WAIT (ReceiveFin)',
      'server: LAST-ACK → CLOSED (ReceiveAckOfFin)',
      'client: TIME-WAIT → CLOSED (Timeout)',
    ])
  })

  it('a change stands at the packet that caused it, or that it caused', () => {
    const { packets } = captured('c.pcapng', 'client', 20_000)
    const flagsOf = (text: string): number => packets.find(({ comments }) => comments.join().includes(text))!.bytes[20 + 13]!
    expect(flagsOf('client at 0.000 ms: CLOSED')).toBe(0x02) // SYN
    expect(flagsOf('SYN-SENT → ESTABLISHED')).toBe(0x12) // SYN,ACK
    expect(flagsOf('FIN-WAIT-2 → TIME-WAIT')).toBe(0x11) // FIN,ACK
  })

  it('says how large it is and what its digest is', () => {
    const { summary } = captured('d.pcapng', 'server', 1000)
    const bytes = readFileSync(summary.file)
    expect(summary.bytes).toBe(bytes.length)
    expect(summary.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  it('a file that cannot be written is an error at once', () => {
    expect(() => new Capture(join(folder, 'no/such/folder'), 'client', '')).toThrow('no such file or directory; the folder must exist')
  })
})

/** The capture that `l4 transfer` writes in one of the runtimes. */
function transferWithCapture(runtime: keyof typeof runtimes, file: string, ...words: string[]): string {
  const [program, ...start] = runtimes[runtime]!
  const path = join(folder, file)
  execFileSync(program!, [...start, 'transfer', '--json', '--pcap', path, ...words])
  return path
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

describe('`l4 transfer` with the default file and seed', () => {
  const node = optional('Node', runtimes.node ? undefined : 'not installed here', 'captures of different runtimes compared')
  let first: string
  beforeAll(() => {
    if (node) first = transferWithCapture('node', 'first.pcapng')
  })

  test.skipIf(!node)('gives the same capture, byte for byte, on every run', () => {
    expect(sha256(transferWithCapture('node', 'second.pcapng'))).toBe(sha256(first))
  })

  for (const name of ['deno', 'bun'] as const) {
    const present = node && optional(name, runtimes[name] ? undefined : 'not installed here', `captures of Node and ${name} compared`)
    test.skipIf(!present)(`gives the same capture in Node and in ${name}`, () => {
      expect(sha256(transferWithCapture(name, `${name}.pcapng`))).toBe(sha256(first))
    })
  }

  const tshark = node && optional('tshark', missingCommand('tshark'), 'captures read by tshark')
  describe.skipIf(!tshark)('is read by tshark', () => {
    it('with no malformed packet and no bad checksum', () => {
      const packets = dissect(first)
      expect(packets.length).toBeGreaterThan(10_000)
      expect(packets.filter(({ tcp, ip, malformed }) => !good(tcp) || !good(ip) || malformed)).toEqual([])
    })

    it('over IPv6 too', () => {
      const packets = dissect(transferWithCapture('node', 'ipv6.pcapng', '--ipv6', '--size', '1MB'))
      expect(packets.length).toBeGreaterThan(1000)
      expect(packets.filter(({ tcp, malformed }) => !good(tcp) || malformed)).toEqual([])
    })

    it('a damaged packet is found: this test can fail', () => {
      const packets = dissect(transferWithCapture('node', 'damaged.pcapng', '--size', '200kB', '--corrupt', '10%', '--pcap-at', 'server'))
      expect(packets.some(({ tcp, ip }) => !good(tcp) || !good(ip))).toBe(true)
    })

    it('state changes show as packet comments', () => {
      const comments = tsharkFields(first, 'frame.comment').filter((comment) => comment !== '')
      expect(comments[0]).toContain('CLOSED → SYN-SENT')
      expect(comments.at(-1)).toContain('TIME-WAIT → CLOSED')
    })
  })
})

const good = (status: string): boolean => status === '1' || status === 'Good'

/** What tshark says about each packet's checksums, and whether it finds it malformed. */
function dissect(path: string): { tcp: string, ip: string, malformed: boolean }[] {
  return tsharkFields(path, 'tcp.checksum.status', 'ip.checksum.status', '_ws.malformed').map((line) => {
    const [tcp = '', ip = '', malformed = ''] = line.split('\t')
    return { tcp, ip, malformed: malformed !== '' }
  })
}

function tsharkFields(path: string, ...fields: string[]): string[] {
  const checks = ['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE']
  const output = execFileSync('tshark', ['-r', path, ...checks, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])], {
    encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 26,
  })
  return output.split('\n').slice(0, -1)
}
