import { element } from '../dom.ts'
import type { Preset } from '../transfer/presets.ts'
import { presetOf, presets } from '../transfer/presets.ts'
import type { Settings } from '../transfer/settings.ts'

/** The row of presets; the one that the settings are those of is marked, and says what it shows. */
export class PresetBar {
  readonly #buttons: readonly HTMLButtonElement[]
  readonly #about: HTMLElement

  constructor(holder: HTMLElement, about: HTMLElement, choose: (preset: Preset) => void) {
    this.#about = about
    this.#buttons = presets.map((preset) => {
      const button = element('button', { type: 'button', textContent: preset.name, title: preset.about })
      button.dataset['preset'] = preset.id
      button.addEventListener('click', () => choose(preset))
      return button
    })
    holder.append(...this.#buttons)
  }

  show(settings: Settings): void {
    const current = presetOf(settings)
    for (const [i, button] of this.#buttons.entries()) button.setAttribute('aria-pressed', String(presets[i] === current))
    this.#about.textContent = current?.about ?? 'Your own settings. The address of this page holds them: share it.'
  }
}
