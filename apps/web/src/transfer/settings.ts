import type { CongestionName } from './congestion.ts'
import { congestionControls } from './congestion.ts'

/** How the two hosts meet: B listens and A connects; both connect at once (RFC 9293 §3.5, figure 7); or nobody listens at B. */
export type OpenMode = 'listen' | 'both' | 'refused'
/** Who closes first: A, B, or both at the moment when all bytes have arrived (RFC 9293 §3.6, figure 13). */
export type CloseMode = 'a' | 'b' | 'both'

/** Everything that decides how a transfer goes. The same settings give the same segments at the same times. */
export interface Settings {
  /** Bytes that each host sends. */
  readonly sendA: number
  readonly sendB: number
  readonly open: OpenMode
  readonly close: CloseMode
  /** Mbit/s in each direction; 0 is unlimited. */
  readonly rate: number
  /** One way, ms. */
  readonly delay: number
  /** Up to so many ms more, drawn for each packet. */
  readonly jitter: number
  /** Of a hundred packets. */
  readonly loss: number
  readonly reorder: number
  readonly duplicate: number
  /** Packets that may wait for the link; further ones are dropped. */
  readonly queue: number
  /** Bytes of the largest IP packet. */
  readonly mtu: number
  /** Of all random draws and secrets. */
  readonly seed: number
  /** Bytes of the receive buffer: what the window can promise at most. */
  readonly receiveBuffer: number
  /** How long the receiving application sleeps before it reads for the first time, ms. */
  readonly readerPause: number
  /** kB/s that the receiving application reads; 0 is as fast as bytes come. */
  readonly readerRate: number
  /** How long an acknowledgment may be held back, ms. */
  readonly delayedAck: number
  /** Maximum segment lifetime, ms; TIME-WAIT lasts two. */
  readonly msl: number
  readonly nagle: boolean
  readonly timestamps: boolean
  readonly windowScaling: boolean
  readonly sack: boolean
  /** Of both hosts. */
  readonly congestion: CongestionName
  /** Segments are spread over the round trip even when congestion control does not ask for it. */
  readonly pacing: boolean
  /** A probe of the tail before the retransmission timer would expire (RFC 8985 §7); needs SACK. */
  readonly tailLossProbe: boolean
}

export const defaultSettings: Settings = {
  sendA: 262_144,
  sendB: 0,
  open: 'listen',
  close: 'a',
  rate: 10,
  delay: 20,
  jitter: 0,
  loss: 0,
  reorder: 0,
  duplicate: 0,
  queue: 100,
  mtu: 1500,
  seed: 1,
  receiveBuffer: 1_048_576,
  readerPause: 0,
  readerRate: 0,
  delayedAck: 40,
  msl: 500,
  nagle: true,
  timestamps: true,
  windowScaling: true,
  sack: true,
  congestion: 'cubic',
  pacing: false,
  tailLossProbe: true,
}

interface NumberRange {
  readonly least: number
  readonly most: number
  readonly whole: boolean
}

type KeysOf<T> = { [K in keyof Settings]: Settings[K] extends T ? K : never }[keyof Settings]
export type NumberKey = KeysOf<number>
export type FlagKey = KeysOf<boolean>
export type ChoiceKey = KeysOf<string>

const range = (least: number, most: number, whole = true): NumberRange => ({ least, most, whole })

/** What each figure may be; the page stays responsive within these. */
export const numberRanges: Readonly<Record<NumberKey, NumberRange>> = {
  sendA: range(0, 2 ** 26),
  sendB: range(0, 2 ** 26),
  rate: range(0, 10_000, false),
  delay: range(0, 10_000, false),
  jitter: range(0, 10_000, false),
  loss: range(0, 100, false),
  reorder: range(0, 100, false),
  duplicate: range(0, 100, false),
  queue: range(0, 10_000),
  mtu: range(88, 65_535),
  seed: range(0, 2 ** 32 - 1),
  receiveBuffer: range(256, 2 ** 22),
  readerPause: range(0, 600_000),
  readerRate: range(0, 1_000_000, false),
  delayedAck: range(0, 499),
  msl: range(1, 240_000),
}

const choices: { readonly [K in ChoiceKey]: readonly Settings[K][] } = {
  open: ['listen', 'both', 'refused'],
  close: ['a', 'b', 'both'],
  congestion: Object.keys(congestionControls) as CongestionName[],
}

/** The nearest value that the setting may have; undefined when the number is none. */
export function clampNumber(key: NumberKey, value: number): number | undefined {
  if (Number.isNaN(value)) return undefined
  const { least, most, whole } = numberRanges[key]
  const bounded = Math.min(most, Math.max(least, value))
  return whole ? Math.round(bounded) : bounded
}

/** Only what differs from the defaults, as the part of an address behind `#`. */
export function settingsToHash(settings: Settings): string {
  const parameters = new URLSearchParams()
  for (const key of Object.keys(defaultSettings) as (keyof Settings)[]) {
    if (settings[key] !== defaultSettings[key]) parameters.set(key, String(settings[key]))
  }
  return parameters.toString()
}

/** Reads what `settingsToHash` wrote; whatever makes no sense is left at its default. */
export function settingsFromHash(hash: string): Settings {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''))
  const settings: Record<string, number | string | boolean> = { ...defaultSettings }
  for (const [key, text] of parameters) {
    if (Object.hasOwn(numberRanges, key)) {
      const value = text.trim() === '' ? undefined : clampNumber(key as NumberKey, Number(text))
      if (value !== undefined) settings[key] = value
    } else if (Object.hasOwn(choices, key)) {
      if ((choices[key as ChoiceKey] as readonly string[]).includes(text)) settings[key] = text
    } else if (Object.hasOwn(defaultSettings, key)) {
      if (text === 'true' || text === 'false') settings[key] = text === 'true'
    }
  }
  return settings as unknown as Settings
}
