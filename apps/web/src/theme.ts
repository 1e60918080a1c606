/** The colours that canvases draw with; style sheets know them by the same names. */
export const colourNames = [
  'paper', 'panel', 'ink', 'ink-2', 'ink-3', 'line', 'grid', 'a', 'b', 'a-soft', 'b-soft', 'again', 'drop', 'now',
] as const

export type Palette = Readonly<Record<(typeof colourNames)[number], string>>
export type Theme = 'light' | 'dark'

const KEY = 'layerfour-theme'
const dark = matchMedia('(prefers-color-scheme: dark)')
const listeners: (() => void)[] = []

/** The colours as they are now. */
export function palette(): Palette {
  const style = getComputedStyle(document.documentElement)
  return Object.fromEntries(colourNames.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Palette
}

export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset['theme']
  return chosen === 'light' || chosen === 'dark' ? chosen : dark.matches ? 'dark' : 'light'
}

/** Follows the system until the user has chosen; the choice is kept. */
export function startTheme(): void {
  const kept = read()
  if (kept !== undefined) document.documentElement.dataset['theme'] = kept
  dark.addEventListener('change', changed)
}

export function toggleTheme(): void {
  const theme = currentTheme() === 'dark' ? 'light' : 'dark'
  document.documentElement.dataset['theme'] = theme
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // A page without storage forgets it.
  }
  changed()
}

export function onThemeChange(listener: () => void): void {
  listeners.push(listener)
}

function changed(): void {
  for (const listener of listeners) listener()
}

function read(): Theme | undefined {
  try {
    const kept = localStorage.getItem(KEY)
    return kept === 'light' || kept === 'dark' ? kept : undefined
  } catch {
    return undefined
  }
}
