import type { Settings } from './settings.ts'
import { defaultSettings, settingsToHash } from './settings.ts'

export interface Preset {
  readonly id: string
  readonly name: string
  /** What there is to be seen. */
  readonly about: string
  readonly settings: Settings
  /** Virtual ms per real ms to watch it at. */
  readonly speed: number
}

const preset = (id: string, name: string, speed: number, about: string, changes: Partial<Settings>): Preset => ({
  id, name, about, speed, settings: { ...defaultSettings, ...changes },
})

/** Each shows one thing; seeds are chosen so that it is there to be seen. */
export const presets: readonly Preset[] = [
  preset('textbook', 'Textbook', 1 / 50,
    '5,000 bytes at MSS 1460 leave as 1460 + 1460 + 1460 + 620: three-way handshake, four segments, four-way close.',
    { sendA: 5000, timestamps: false, sack: false, windowScaling: false, rate: 2 }),
  preset('clean', 'Clean', 1 / 20,
    'Nothing is lost: slow start doubles the window each round trip until the receiver or the link is the limit.',
    { sendA: 262_144 }),
  preset('loss', '1 % loss', 1 / 20,
    'Three duplicate ACKs, a fast retransmit, the window halved; a loss that nobody points at waits for the timer.',
    { sendA: 393_216, loss: 1, seed: 54 }),
  preset('reordering', 'Reordering', 1 / 20,
    'Segments overtake each other: duplicate ACKs without a loss, and at the end retransmissions for nothing.',
    { sendA: 262_144, reorder: 4, duplicate: 1, seed: 25 }),
  preset('queue', 'Small queue', 1 / 10,
    'A queue of eight packets at the bottleneck: slow start overruns it, then the window saws between loss and loss.',
    { sendA: 1_048_576, rate: 5, queue: 8 }),
  preset('reader', 'Slow reader', 1 / 10,
    'The application sleeps, then reads slowly: the window closes, probes ask about it, an update opens it.',
    { sendA: 98_304, receiveBuffer: 16_384, readerPause: 1500, readerRate: 60 }),
  preset('simultaneous', 'Both at once', 1 / 50,
    'Both open at the same time and close at the same time: SYN-RECEIVED on both sides, later CLOSING.',
    { sendA: 8192, sendB: 8192, open: 'both', close: 'both' }),
  preset('refused', 'Refused', 1 / 50,
    'Nobody listens on the port: the SYN meets a reset, and connect() fails with ECONNREFUSED.',
    { sendA: 8192, open: 'refused' }),
  preset('long', '10 MiB', 1,
    'What npm start sends, on the same link with the same seed: more than ten thousand segments.',
    { sendA: 10_485_760, delay: 5, loss: 1, reorder: 1, msl: 30_000 }),
]

/** The preset that has these settings. */
export function presetOf(settings: Settings): Preset | undefined {
  return presets.find((candidate) => settingsToHash(candidate.settings) === settingsToHash(settings))
}
