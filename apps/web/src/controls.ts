import { find } from './dom.ts'
import { formatTime } from './format.ts'
import type { Playback } from './playback.ts'
import { speeds, speedText } from './playback.ts'
import type { Recording } from './transfer/recording.ts'

/** What the keys and buttons ask for beyond the playback. */
export interface Commands {
  readonly zoom: (factor: number) => void
  readonly fit: () => void
  readonly follow: () => void
  readonly unpin: () => void
  /** Something of the playback changed. */
  readonly changed: () => void
}

/** The buttons below and the keys of the keyboard. */
export class Controls {
  readonly #playback: Playback
  readonly #play: HTMLButtonElement = find('#play')
  readonly #speed: HTMLInputElement = find('#speed')
  readonly #speedText: HTMLElement = find('#speed-text')
  readonly #time: HTMLElement = find('#time')
  readonly #total: HTMLElement = find('#total')

  constructor(playback: Playback, commands: Commands) {
    this.#playback = playback
    this.#speed.max = String(speeds.length - 1)
    const on = (selector: string, act: () => void): void => find(selector).addEventListener('click', () => {
      act()
      commands.changed()
    })
    on('#play', () => playback.toggle())
    on('#step-back', () => playback.step(-1))
    on('#step', () => playback.step(1))
    on('#to-start', () => playback.seek(0))
    on('#to-end', () => playback.toEnd())
    on('#zoom-in', () => commands.zoom(1.4))
    on('#zoom-out', () => commands.zoom(1 / 1.4))
    on('#zoom-fit', commands.fit)
    on('#follow', commands.follow)
    this.#speed.addEventListener('input', () => {
      playback.speed = speeds[Number(this.#speed.value)]!
      commands.changed()
    })
    const hurry = find<HTMLInputElement>('#hurry')
    hurry.addEventListener('change', () => { playback.hurry = hurry.checked })
    // What was clicked gives the keys back: space plays, whatever the mouse did before.
    document.addEventListener('click', ({ detail, target }) => {
      if (detail === 0 || !(target instanceof Element)) return
      target.closest<HTMLElement>('button, input[type=checkbox], input[type=range]')?.blur()
    })
    document.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return
      if (!this.#key(event.key, event, commands)) return
      event.preventDefault()
      commands.changed()
    })
  }

  /** Whether the key means something here. */
  #key(key: string, { target }: KeyboardEvent, commands: Commands): boolean {
    const playback = this.#playback
    switch (key) {
      case ' ':
        // A button that was reached by keyboard is meant itself.
        if (target instanceof HTMLElement && target.matches('button, input[type=checkbox]')) return false
        playback.toggle()
        return true
      case 'ArrowRight': playback.step(1); return true
      case 'ArrowLeft': playback.step(-1); return true
      case 'Home': playback.seek(0); return true
      case 'End': playback.toEnd(); return true
      case '+':
      case '=': commands.zoom(1.4); return true
      case '-': commands.zoom(1 / 1.4); return true
      case '0': commands.fit(); return true
      case '[': playback.changeSpeed(-1); return true
      case ']': playback.changeSpeed(1); return true
      case 'f':
      case 'F': commands.follow(); return true
      case 'Escape': commands.unpin(); return true
      default: return false
    }
  }

  show(recording: Recording): void {
    const { playing, speed, time } = this.#playback
    this.#play.setAttribute('aria-pressed', String(playing))
    this.#play.title = playing ? 'Pause (space)' : 'Play (space)'
    this.#speed.value = String(speeds.indexOf(speed))
    this.#speedText.textContent = speedText(speed)
    this.#time.textContent = formatTime(time)
    this.#total.textContent = recording.done ? `of ${formatTime(recording.until)}` : 'recording…'
  }
}

function isTyping({ target }: KeyboardEvent): boolean {
  if (target instanceof HTMLInputElement) return target.type === 'text' || target.type === 'number'
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement
}
