import { element } from '../dom.ts'
import { formatBytes, formatRate } from '../format.ts'
import type { Digest, Recording, Side } from '../transfer/recording.ts'
import { sideNames, sides } from '../transfer/recording.ts'
import type { Settings } from '../transfer/settings.ts'

/** The elements for one direction. */
interface Row {
  readonly row: HTMLElement
  readonly bar: HTMLElement
  readonly text: HTMLElement
  readonly sent: HTMLElement
  readonly received: HTMLElement
  readonly verdict: HTMLElement
}

/** How much of each direction has arrived, and whether both sides have the same bytes. */
export class Digests {
  readonly #rows: readonly [Row, Row]
  #settings: Settings | undefined

  constructor(holder: HTMLElement) {
    this.#rows = [createRow(0), createRow(1)]
    holder.append(...this.#rows.map(({ row }) => row))
  }

  load(settings: Settings): void {
    this.#settings = settings
    this.#rows[1].row.hidden = settings.sendB === 0
    this.#rows[0].row.hidden = settings.sendA === 0 && settings.sendB > 0
  }

  show(recording: Recording, now: number): void {
    const settings = this.#settings
    if (settings === undefined) return
    for (const side of sides) {
      const row = this.#rows[side]
      if (row.row.hidden) continue
      showProgress(row, recording, side, side === 0 ? settings.sendA : settings.sendB, now)
      showHashes(row, asOf(recording.sent[side], now), asOf(recording.received[side], now))
    }
  }
}

function createRow(side: Side): Row {
  const bar = element('i')
  const text = element('span', { className: 'progress-text' })
  const sent = element('code')
  const received = element('code')
  const verdict = element('span', { className: 'verdict' })
  const [from, to] = [sideNames[side], sideNames[side === 0 ? 1 : 0]]
  const track = element('span', { className: 'track' }, bar)
  const row = element('div', { className: `digest ${side === 0 ? 'a' : 'b'}` },
    element('div', { className: 'progress' }, element('b', { textContent: `${from} → ${to}` }), track, text),
    element('div', { className: 'hashes' }, element('span', { textContent: 'SHA-256' }),
      `${from} sent `, sent, `${to} read `, received, verdict))
  return { row, bar, text, sent, received, verdict }
}

function showProgress({ bar, text }: Row, recording: Recording, side: Side, total: number, now: number): void {
  const sample = recording.samples[side === 0 ? 1 : 0].at(now)
  const read = sample === undefined ? 0 : sample.bytesReceived - sample.receiveQueue
  bar.style.width = total === 0 ? '100%' : `${(read / total) * 100}%`
  // Over the time until all was read, not until TIME-WAIT is over.
  const end = asOf(recording.received[side], now)?.time ?? now
  const rate = end > 0 && read > 0 ? `, ${formatRate(read * 8000 / end)}` : ''
  text.textContent = `${formatBytes(read)} of ${formatBytes(total)}${rate}`
}

function showHashes({ sent, received, verdict }: Row, first: Digest | undefined, second: Digest | undefined): void {
  for (const [cell, digest] of [[sent, first], [received, second]] as const) {
    cell.textContent = digest === undefined ? '········' : `${digest.sha256.slice(0, 8)}…`
    cell.title = digest?.sha256 ?? 'not complete yet'
  }
  const both = first !== undefined && second !== undefined
  const equal = first?.sha256 === second?.sha256
  verdict.textContent = !both ? '' : equal ? 'equal' : 'different'
  verdict.classList.toggle('good', both && equal)
  verdict.classList.toggle('bad', both && !equal)
}

function asOf(digest: Digest | undefined, now: number): Digest | undefined {
  return digest !== undefined && digest.time <= now ? digest : undefined
}
