import type { CongestionName } from './congestion.ts'
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

/** Losses are found by three duplicate ACKs, as the textbooks have it. */
const duplicateAcks: Partial<Settings> = { congestion: 'newreno', sack: false }

/** One bottleneck for all algorithms: a queue of one bandwidth-delay product, nothing lost but by the queue. */
const compared = (congestion: CongestionName, name: string, about: string): Preset => (
  preset(congestion, name, 1 / 5, about, { sendA: 2_097_152, rate: 5, delay: 25, queue: 20, congestion })
)

/** Each shows one thing; seeds are chosen so that it is there to be seen. */
export const presets: readonly Preset[] = [
  preset('textbook', 'Textbook', 1 / 50,
    '5,000 bytes at MSS 1460 leave as 1460 + 1460 + 1460 + 620: three-way handshake, four segments, four-way close.',
    { sendA: 5000, timestamps: false, sack: false, windowScaling: false, rate: 2 }),
  preset('clean', 'Clean', 1 / 20,
    'Nothing is lost: slow start doubles the window each round trip until the receiver or the link is the limit.',
    { sendA: 262_144 }),
  preset('loss', '1 % loss', 1 / 20,
    'NewReno without SACK: three duplicate ACKs, a fast retransmit, the window halved; a loss that nobody points at waits for the timer.',
    { sendA: 393_216, loss: 1, seed: 54, ...duplicateAcks }),
  preset('probe', 'Lost tail', 1 / 50,
    'The last segment is lost, and nothing follows that could point at it: after two round trips a probe repairs it, before the '
    + 'retransmission timer would. Switch the loss probe off to see that.',
    { sendA: 40_960, loss: 3, seed: 593 }),
  preset('spurious', 'False alarm', 1 / 50,
    'A full segment takes longer over this slow link than the handshake promised: the timer expires, but the ACK was on its way. '
    + 'Its timestamp says so, and the window is what it was.',
    { sendA: 20_480, rate: 0.064, tailLossProbe: false }),
  preset('reordering', 'Reordering', 1 / 20,
    'Segments overtake each other: NewReno without SACK counts duplicate ACKs, sends again for nothing, and learns that from timestamps.',
    { sendA: 262_144, reorder: 4, duplicate: 1, seed: 25, ...duplicateAcks }),
  preset('rack', 'RACK', 1 / 20,
    'The same with SACK and RACK: what comes late is taken for lost once; a D-SACK denies it, and from then on A waits a little longer.',
    { sendA: 262_144, reorder: 4, seed: 5 }),
  preset('queue', 'Small queue', 1 / 10,
    'A queue of eight packets at the bottleneck: slow start overruns it, then the window saws between loss and loss.',
    { sendA: 1_048_576, rate: 5, queue: 8, congestion: 'newreno' }),
  compared('tahoe', 'Tahoe', '1988, and the same link for the next five. One segment to begin with; after each loss everything outstanding '
    + 'again, in slow start from one segment.'),
  compared('reno', 'Reno', 'Fast recovery: the window is halved, not closed. Several losses in one window are more than it can repair: it '
    + 'waits for the timer.'),
  compared('newreno', 'NewReno', 'Begins with ten segments, so the queue overflows sooner and worse; stays in recovery until all of that is '
    + 'repaired. Then one segment more a round trip.'),
  compared('cubic', 'CUBIC', 'Leaves 70 % of the window at a loss. On a path as short as this it then grows as Reno would; give it 20 Mbit/s, 100 ms, '
    + 'a queue of 300 and 32 MiB to see the curve that it is named for.'),
  compared('bbr', 'BBR', 'Measures what the path delivers and sends at that rate, evenly; once it knows, the queue stays short. The flight '
    + 'says how much it probes for.'),
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
