import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { commandLine } from '../src/transfer/command-line.ts'
import { presets } from '../src/transfer/presets.ts'
import { Transfer } from '../src/transfer/simulation.ts'

interface Event {
  readonly type: 'segment' | 'state' | 'congestion' | 'window'
  readonly event?: string
  readonly time: number
  readonly from: string
  readonly to: string
  readonly host: string
  readonly dropped?: string
  readonly sequence: number
  readonly acknowledgment?: number
  readonly length: number
}

interface Result {
  readonly sha256: { readonly sent: string }
  readonly events: readonly Event[]
}

const cli = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

test.each(['clean', 'probe', 'reno', 'bbr'])('%s: the command that the page shows makes the same segments at the same times', async (id) => {
  const { settings } = presets.find((preset) => preset.id === id)!
  const [, ...command] = commandLine(settings)!.split(' ')
  const run = promisify(execFile)
  const args = ['--conditions=@layerfour/source', cli, ...command, '--trace', '--json']
  const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 26 })
  const result = JSON.parse(stdout) as Result

  const transfer = new Transfer(settings)
  while (transfer.run(1000));
  const { recording } = transfer
  const rows = Array.from({ length: recording.segments.count }, (_, index) => recording.segments.row(index))
  const names = ['client', 'server']

  expect(recording.received[0]?.sha256).toBe(result.sha256.sent)
  expect(rows.map((row) => [row.transmittedAt, names[row.side], row.sequence, row.acknowledgment, row.length])).toEqual(
    result.events.filter(({ type, dropped }) => type === 'segment' && dropped === undefined)
      .map((event) => [event.time, event.from, event.sequence, event.acknowledgment, event.length]),
  )
  expect(recording.congestion.map(({ time, side, event }) => [time, names[side], event])).toEqual(
    result.events.filter(({ type }) => type === 'congestion').map((event) => [event.time, event.host, event.event]),
  )
  // MSL is a setting of the page alone.
  const changes = recording.states.filter(({ cause }) => cause !== 'Timeout')
  expect(changes.map((change) => [change.time, names[change.side], change.to])).toEqual(
    result.events.filter(({ type }) => type === 'state').slice(0, -1).map((event) => [event.time, event.host, event.to]),
  )
}, 30_000)
