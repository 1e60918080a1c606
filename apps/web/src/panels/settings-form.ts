import { element } from '../dom.ts'
import { formatExactBytes, parseBytes } from '../format.ts'
import type { CongestionName } from '../transfer/congestion.ts'
import type { ChoiceKey, CloseMode, FlagKey, NumberKey, OpenMode, Settings } from '../transfer/settings.ts'
import { clampNumber, numberRanges } from '../transfer/settings.ts'

interface NumberField {
  readonly kind: 'number'
  readonly key: NumberKey
  readonly label: string
  readonly unit: string
  readonly hint: string
  /** How many bytes: may be typed as `64k` or `1.5 MiB`. */
  readonly bytes?: boolean
}

interface FlagField {
  readonly kind: 'flag'
  readonly key: FlagKey
  readonly label: string
  readonly hint: string
}

interface ChoiceField<K extends ChoiceKey> {
  readonly kind: 'choice'
  readonly key: K
  readonly label: string
  readonly hint: string
  readonly options: readonly (readonly [Settings[K], string])[]
}

type AnyChoiceField = ChoiceField<'open'> | ChoiceField<'close'> | ChoiceField<'congestion'>
type Field = NumberField | FlagField | AnyChoiceField

const number = (key: NumberKey, label: string, unit: string, hint: string): NumberField => ({
  kind: 'number', key, label, unit, hint,
})
const bytes = (key: NumberKey, label: string, hint: string): NumberField => ({ ...number(key, label, '', hint), bytes: true })
const flag = (key: FlagKey, label: string, hint: string): FlagField => ({ kind: 'flag', key, label, hint })
const open = (options: readonly (readonly [OpenMode, string])[]): Field => ({
  kind: 'choice', key: 'open', label: 'Open', hint: 'How the hosts meet (RFC 9293 §3.5)', options,
})
const close = (options: readonly (readonly [CloseMode, string])[]): Field => ({
  kind: 'choice', key: 'close', label: 'Close', hint: 'Who closes first (RFC 9293 §3.6)', options,
})
const congestion = (options: readonly (readonly [CongestionName, string])[]): Field => ({
  kind: 'choice', key: 'congestion', label: 'Algorithm', hint: 'Congestion control of both hosts', options,
})

const groups: readonly { readonly title: string, readonly fields: readonly Field[] }[] = [
  {
    title: 'Transfer',
    fields: [
      bytes('sendA', 'A sends', 'Bytes from A to B: 5000, 64k, 10M'),
      bytes('sendB', 'B sends', 'Bytes from B to A at the same time'),
      open([['listen', 'B listens'], ['both', 'both at once'], ['refused', 'nobody listens']]),
      close([['a', 'A first'], ['b', 'B first'], ['both', 'both at once']]),
    ],
  },
  {
    title: 'Congestion control',
    fields: [
      congestion([
        ['cubic', 'CUBIC'], ['newreno', 'NewReno'], ['reno', 'Reno'], ['tahoe', 'Tahoe'], ['vegas', 'Vegas'], ['bbr', 'BBR'],
        ['dctcp', 'DCTCP'], ['fixed:10', 'none: ten segments'],
      ]),
      flag('pacing', 'Pacing', 'Segments are spread over the round trip; BBR does that anyway'),
      flag('tailLossProbe', 'Loss probe', 'RFC 8985 §7: asks after the tail before the retransmission timer would; needs SACK'),
    ],
  },
  {
    title: 'Link',
    fields: [
      number('rate', 'Rate', 'Mbit/s', 'Each direction; 0 is unlimited'),
      number('delay', 'Delay', 'ms', 'One way'),
      number('jitter', 'Jitter', 'ms', 'Up to so much later, drawn for each packet'),
      number('loss', 'Loss', '%', 'Packets lost on the way'),
      number('reorder', 'Reorder', '%', 'Packets held back until three others have overtaken them'),
      number('duplicate', 'Duplicate', '%', 'Packets that arrive twice'),
      number('queue', 'Queue', 'pkts', 'May wait before the link; further ones are dropped'),
      number('mtu', 'MTU', 'B', 'Largest IP packet; the MSS is 40 less'),
      number('seed', 'Seed', '', 'Of all random draws: the same seed gives the same run'),
    ],
  },
  {
    title: 'Hosts',
    fields: [
      bytes('receiveBuffer', 'Receive buffer', 'What the window can promise at most'),
      number('readerPause', 'Reader sleeps', 'ms', 'Before the application reads for the first time'),
      number('readerRate', 'Reader takes', 'kB/s', '0: as fast as bytes come'),
      number('delayedAck', 'Delayed ACK', 'ms', 'How long an acknowledgment may wait for company'),
      number('msl', 'MSL', 'ms', 'TIME-WAIT lasts two; shortened from 30 s so that it can be watched'),
      flag('timestamps', 'Timestamps', 'RFC 7323: 12 bytes in each segment'),
      flag('nagle', 'Nagle', 'Small segments wait while others are unacknowledged (RFC 9293 §3.7.4)'),
      flag('windowScaling', 'Window scale', 'RFC 7323: windows beyond 65,535 bytes'),
      flag('sack', 'SACK', 'RFC 2018: receivers tell what arrived out of order'),
    ],
  },
]

/** The form on the left. It tells of each change with the settings as they are then. */
export class SettingsForm {
  readonly #form: HTMLFormElement
  readonly #onChange: (settings: Settings) => void
  #settings: Settings

  constructor(holder: HTMLElement, settings: Settings, onChange: (settings: Settings) => void) {
    this.#settings = settings
    this.#onChange = onChange
    this.#form = element('form', { className: 'settings-form', autocomplete: 'off' })
    this.#form.addEventListener('submit', (event) => event.preventDefault())
    this.#form.addEventListener('change', (event) => this.#changed(event.target as HTMLInputElement | HTMLSelectElement))
    for (const { title, fields } of groups) {
      const flags = fields.filter((field) => field.kind === 'flag')
      const group = element('fieldset', {}, element('legend', { textContent: title }))
      group.append(...fields.filter((field) => field.kind !== 'flag').map(createRow))
      if (flags.length > 0) group.append(element('div', { className: 'flags' }, ...flags.map(createFlag)))
      this.#form.append(group)
    }
    holder.append(this.#form)
    this.show(settings)
  }

  show(settings: Settings): void {
    this.#settings = settings
    for (const { fields } of groups) {
      for (const field of fields) {
        const control = this.#form.elements.namedItem(field.key) as HTMLInputElement | HTMLSelectElement
        if (field.kind === 'flag') (control as HTMLInputElement).checked = settings[field.key]
        else if (field.kind === 'choice') control.value = settings[field.key]
        else control.value = field.bytes === true ? formatExactBytes(settings[field.key]) : String(settings[field.key])
      }
    }
  }

  #changed(control: HTMLInputElement | HTMLSelectElement): void {
    const field = groups.flatMap(({ fields }) => fields).find(({ key }) => key === control.name)
    if (field === undefined) return
    const value = valueOf(field, control)
    const settings = value === undefined ? this.#settings : { ...this.#settings, [field.key]: value }
    // What was typed is shown as it was understood.
    this.show(settings)
    this.#onChange(settings)
  }
}

function valueOf(field: Field, control: HTMLInputElement | HTMLSelectElement): number | string | boolean | undefined {
  if (field.kind === 'flag') return (control as HTMLInputElement).checked
  if (field.kind === 'choice') return control.value
  if (control.value.trim() === '') return undefined
  return clampNumber(field.key, field.bytes === true ? parseBytes(control.value) : Number(control.value))
}

function createRow(field: NumberField | AnyChoiceField): HTMLElement {
  const label = element('label', { title: field.hint, htmlFor: `set-${field.key}`, textContent: field.label })
  if (field.kind === 'choice') {
    const select = element('select', { name: field.key, id: `set-${field.key}` })
    for (const [value, text] of field.options) select.append(element('option', { value, textContent: text }))
    return element('div', { className: 'row' }, label, select)
  }
  const { least, most, whole } = numberRanges[field.key]
  const input = element('input', { name: field.key, id: `set-${field.key}`, type: field.bytes === true ? 'text' : 'number' })
  if (field.bytes !== true) Object.assign(input, { min: String(least), max: String(most), step: whole ? '1' : 'any' })
  return element('div', { className: 'row' }, label, input, element('span', { className: 'unit', textContent: field.unit }))
}

function createFlag({ key, label, hint }: FlagField): HTMLElement {
  return element('label', { title: hint }, element('input', { type: 'checkbox', name: key }), label)
}
