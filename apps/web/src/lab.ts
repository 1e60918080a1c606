import { transitions } from '@layerfour/tcp'
import { Controls } from './controls.ts'
import { find } from './dom.ts'
import { Ladder } from './ladder/ladder.ts'
import { Counters } from './panels/counters.ts'
import { Digests } from './panels/digests.ts'
import { HostHeads } from './panels/host-heads.ts'
import { narrate } from './panels/narration.ts'
import { WindowPlot } from './panels/plots.ts'
import { Timeline } from './panels/timeline.ts'
import { Playback } from './playback.ts'
import { StateDiagram } from './states/state-diagram.ts'
import type { Place } from './states/state-diagram.ts'
import { onThemeChange, palette } from './theme.ts'
import type { Recording, Side } from './transfer/recording.ts'
import type { Settings } from './transfer/settings.ts'
import { Transfer } from './transfer/simulation.ts'

/** Real ms of each frame that recording may take. */
const SLICE = 9
/** Instants recorded between two looks at the clock. */
const STRIDE = 64
/** A tab that was hidden does not jump ahead, ms. */
const LONGEST_FRAME = 100

/** Everything on the page that shows a transfer, and the loop that moves it. */
export class Lab {
  readonly playback: Playback
  #transfer: Transfer
  readonly #ladder: Ladder
  readonly #diagram: StateDiagram
  readonly #plot: WindowPlot
  readonly #timeline: Timeline
  readonly #counters: Counters
  readonly #digests: Digests
  readonly #heads: HostHeads
  readonly #controls: Controls
  readonly #narration: HTMLElement = find('#narration')
  #lastFrame: number | undefined
  #scheduled = false

  constructor(settings: Settings) {
    const colours = palette()
    this.#transfer = new Transfer(settings)
    this.playback = new Playback(this.#transfer.recording)
    this.#ladder = new Ladder(find('#ladder'), find('#cards'), colours)
    this.#diagram = new StateDiagram(transitions, find('#diagram'), find('#diagram-captions'))
    this.#plot = new WindowPlot(find('#plot'), find('#plot-switch'), find('#plot-legend'), colours)
    this.#timeline = new Timeline(find('#timeline'), colours)
    this.#counters = new Counters(find('#counters'))
    this.#digests = new Digests(find('#digests'))
    this.#heads = new HostHeads(find('#hosts'))
    const follow = find('#follow')
    this.#ladder.onFollowChange = (following) => { follow.hidden = following }
    this.#controls = new Controls(this.playback, {
      zoom: (factor) => this.#ladder.zoom(factor),
      fit: () => this.#ladder.fit(),
      follow: () => this.#ladder.follow(true),
      unpin: () => this.#ladder.unpin(),
      changed: () => this.#moved(),
    })
    const seek = (time: number): void => {
      this.playback.seek(time)
      this.#moved()
    }
    this.#timeline.onSeek = seek
    this.#plot.onSeek = seek
    onThemeChange(() => {
      const changed = palette()
      this.#ladder.colours = this.#plot.colours = this.#timeline.colours = changed
      this.#schedule()
    })
    this.#show(settings, 0, true)
  }

  get recording(): Recording {
    return this.#transfer.recording
  }

  /** Runs another transfer. `time`: where to go on in it; `rescale`: choose a fitting scale for the ladder. */
  load(settings: Settings, time: number, rescale: boolean): void {
    this.#transfer = new Transfer(settings)
    this.#show(settings, time, rescale)
  }

  #show(settings: Settings, time: number, rescale: boolean): void {
    const { recording } = this
    // What was seen before is recorded before anything is shown, so that a changed setting changes the picture in place.
    while (recording.until < time && this.#transfer.run(STRIDE));
    this.playback.load(recording, Math.min(time, recording.until))
    this.#ladder.load(recording, settings.delay, rescale ? scaleFor(settings, this.#ladder.height) : undefined)
    const sender: Side = settings.sendB > settings.sendA ? 1 : 0
    this.#plot.load(recording, sender)
    this.#timeline.load(recording)
    this.#digests.load(settings)
    this.#heads.load(settings)
    this.#schedule()
  }

  /** The user moved the present: show it. */
  #moved(): void {
    this.#ladder.follow(true)
    this.#schedule()
  }

  /** To be called whenever something may have changed. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame((now) => this.#frame(now))
  }

  wake(): void {
    this.#schedule()
  }

  #frame(now: number): void {
    this.#scheduled = false
    const elapsed = Math.min(LONGEST_FRAME, now - (this.#lastFrame ?? now))
    const { recording } = this
    const stop = performance.now() + SLICE
    while (!recording.done && performance.now() < stop) this.#transfer.run(STRIDE)
    this.playback.advance(elapsed)
    this.#paint()
    const busy = this.playback.playing || !recording.done
    this.#lastFrame = busy ? now : undefined
    if (busy) this.#schedule()
  }

  #paint(): void {
    const { recording } = this
    const { time } = this.playback
    this.#ladder.show(time)
    this.#diagram.show([this.#place(0), this.#place(1)])
    this.#plot.show(time)
    this.#timeline.show(time)
    this.#counters.show(recording, time)
    this.#digests.show(recording, time)
    this.#heads.show(recording, time)
    this.#controls.show(recording)
    this.#narration.textContent = narrate(recording, time)
    document.documentElement.dataset['recorded'] = String(recording.done)
    document.documentElement.dataset['ended'] = String(this.playback.ended)
  }

  #place(side: Side): Place {
    const { time } = this.playback
    return { state: this.recording.stateAt(side, time), last: this.recording.lastChange(side, time) }
  }
}

/** Pixels per ms at which full packets that follow each other are far enough apart for their labels. */
function scaleFor({ rate, mtu, delay }: Settings, height: number): number {
  const sending = rate === 0 ? 0 : mtu * 8 / (rate * 1000)
  const byRate = sending === 0 ? Infinity : 16 / sending
  // Between one and a half round trips in view and three.
  const least = delay === 0 ? 2 : 0.15 * height / delay
  const most = delay === 0 ? 40 : 0.32 * height / delay
  return Math.max(least, Math.min(most, byRate))
}
