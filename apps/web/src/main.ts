import { find } from './dom.ts'
import { Lab } from './lab.ts'
import { PresetBar } from './panels/preset-bar.ts'
import { SettingsForm } from './panels/settings-form.ts'
import { startTheme, toggleTheme } from './theme.ts'
import { captureTransfer } from './transfer/capture.ts'
import { commandLine } from './transfer/command-line.ts'
import type { Preset } from './transfer/presets.ts'
import { presetOf, presets } from './transfer/presets.ts'
import type { Side } from './transfer/recording.ts'
import { sideNames } from './transfer/recording.ts'
import type { Settings } from './transfer/settings.ts'
import { settingsFromHash, settingsToHash } from './transfer/settings.ts'

const FIRST = presets.find(({ id }) => id === 'loss')!

startTheme()
let settings = location.hash.length > 1 ? settingsFromHash(location.hash) : FIRST.settings
const lab = new Lab(settings)
const form = new SettingsForm(find('#form'), settings, (changed) => change(changed, lab.playback.time, false))
const bar = new PresetBar(find('#presets'), find('#about'), choose)

showSettings()
lab.playback.speed = (presetOf(settings) ?? FIRST).speed
lab.playback.playing = !matchMedia('(prefers-reduced-motion: reduce)').matches
lab.wake()

/** Another transfer; from `time` on, so that a changed setting can be watched where it matters. */
function change(changed: Settings, time: number, rescale: boolean): void {
  settings = changed
  showSettings()
  const hash = settingsToHash(settings)
  // Without `#` the page would begin with the preset.
  history.replaceState(null, '', `#${hash === '' ? 'defaults' : hash}`)
  lab.load(settings, time, rescale)
}

function showSettings(): void {
  bar.show(settings)
  const command = commandLine(settings)
  find('#command').hidden = command === undefined
  find('#command code').textContent = command ?? ''
}

function choose(preset: Preset): void {
  form.show(preset.settings)
  lab.playback.speed = preset.speed
  lab.playback.playing = true
  change(preset.settings, 0, true)
}

window.addEventListener('hashchange', () => {
  const changed = settingsFromHash(location.hash)
  form.show(changed)
  change(changed, 0, true)
})

find('#theme').addEventListener('click', toggleTheme)

for (const [side, selector] of ['#capture-a', '#capture-b'].entries()) {
  const button = find<HTMLButtonElement>(selector)
  button.addEventListener('click', () => {
    button.disabled = true
    void download(side as Side).finally(() => { button.disabled = false })
  })
}

async function download(side: Side): Promise<void> {
  const url = URL.createObjectURL(await captureTransfer(settings, side))
  const link = document.createElement('a')
  link.href = url
  link.download = `layerfour-${sideNames[side].toLowerCase()}-seed${settings.seed}.pcapng`
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
