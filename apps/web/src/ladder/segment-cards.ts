import { element } from '../dom.ts'
import type { Recording } from '../transfer/recording.ts'
import { sideNames } from '../transfer/recording.ts'
import type { SegmentRow } from '../transfer/segment-table.ts'
import { Again, Fate } from '../transfer/segment-table.ts'
import { segmentDetails } from './segment-text.ts'

/** Away from the pointer, px. */
const OFFSET = 14

/** Cards with a segment's details: one follows the pointer, one stays. They know no more than the present does. */
export class SegmentCards {
  readonly #hovering: HTMLElement
  readonly #pinned: HTMLElement
  #hoveringShows = ''
  #pinnedShows = ''

  constructor(holder: HTMLElement, close: () => void) {
    this.#hovering = element('aside', { className: 'card hovering', hidden: true })
    this.#pinned = element('aside', { className: 'card pinned', hidden: true })
    this.#pinned.addEventListener('click', (event) => {
      if ((event.target as Element).closest('button') !== null) close()
    })
    holder.append(this.#hovering, this.#pinned)
  }

  /** At the pointer, within a view of that size; -1 hides it. */
  hover(index: number, recording: Recording, now: number, at: { x: number, y: number, width: number, height: number }): void {
    const card = this.#hovering
    card.hidden = index < 0
    if (index < 0) return
    const content = cardContent(recording, index, now)
    if (content.key !== this.#hoveringShows) card.replaceChildren(...content.build(false))
    this.#hoveringShows = content.key
    const { offsetWidth, offsetHeight } = card
    const left = at.x + OFFSET + offsetWidth > at.width ? at.x - OFFSET - offsetWidth : at.x + OFFSET
    const top = at.y + OFFSET + offsetHeight > at.height ? at.y - OFFSET - offsetHeight : at.y + OFFSET
    card.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`
  }

  /** -1 takes the card away. */
  pin(index: number, recording: Recording, now: number): void {
    this.#pinned.hidden = index < 0
    if (index < 0) return
    const content = cardContent(recording, index, now)
    if (content.key !== this.#pinnedShows) this.#pinned.replaceChildren(...content.build(true))
    this.#pinnedShows = content.key
  }
}

/** What a card shows: `key` tells whether it is still the same. */
function cardContent(
  { segments }: Recording, index: number, now: number,
): { key: string, build: (closable: boolean) => HTMLElement[] } {
  const row = asOf(segments.row(index), now)
  const partner = acknowledgment(segments, row)
  const acknowledgedBy = partner !== undefined && partner.endedAt <= now ? partner : undefined
  const key = [index, row.transmittedAt, row.fate, row.copyAt, acknowledgedBy?.index].join()
  return { key, build: (closable) => build(row, segmentDetails(row, acknowledgedBy, original(segments, row)), closable) }
}

function build(row: SegmentRow, details: readonly [string, string][], closable: boolean): HTMLElement[] {
  const way = `${sideNames[row.side]} → ${sideNames[1 - row.side]}`
  const className = row.side === 0 ? 'a' : 'b'
  const dropped = row.fate === Fate.Lost || row.fate === Fate.QueueFull
  const title = element('h3', {}, `#${row.index + 1}  `, element('b', { className, textContent: way }))
  if (row.again !== Again.No) title.append(element('span', { className: 'tag again', textContent: 'again' }))
  if (dropped) title.append(element('span', { className: 'tag drop', textContent: 'dropped' }))
  if (closable) title.append(element('button', { type: 'button', className: 'close', title: 'Unpin (Esc)', textContent: '×' }))
  const list = element('dl')
  for (const [term, value] of details) list.append(element('dt', { textContent: term }), element('dd', { textContent: value }))
  return [title, list]
}

/** What is known of a segment at a time. */
function asOf(row: SegmentRow, now: number): SegmentRow {
  const copyAt = row.copyAt <= now ? row.copyAt : NaN
  return row.endedAt <= now ? { ...row, copyAt } : { ...row, copyAt, fate: Fate.Pending, reordered: false }
}

/** How many rows are looked through for a partner. */
const SEARCH = 20_000

/** The first segment from the other side to arrive that acknowledges all of this one. */
function acknowledgment(segments: Recording['segments'], row: SegmentRow): SegmentRow | undefined {
  const end = row.sequence + Math.max(row.length, 1)
  if (row.fate !== Fate.Delivered || (row.length === 0 && (row.flags & 3) === 0)) return undefined
  for (let index = row.index + 1; index < Math.min(segments.count, row.index + SEARCH); index++) {
    if (segments.side.at(index) === row.side || segments.fate.at(index) !== Fate.Delivered) continue
    if (segments.transmittedAt.at(index) >= row.endedAt && segments.acknowledgment.at(index) >= end) return segments.row(index)
  }
  return undefined
}

/** The segment that this one repeats: the latest before it with the same first byte. */
function original(segments: Recording['segments'], row: SegmentRow): SegmentRow | undefined {
  if (row.again === Again.No) return undefined
  for (let index = row.index - 1; index >= Math.max(0, row.index - SEARCH); index--) {
    if (segments.side.at(index) !== row.side || segments.length.at(index) === 0) continue
    const sequence = segments.sequence.at(index)
    if (sequence <= row.sequence && row.sequence < sequence + segments.length.at(index)) return segments.row(index)
  }
  return undefined
}
