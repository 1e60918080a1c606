import type { Palette } from '../theme.ts'

/** What is drawn with. */
export interface Pen {
  readonly context: CanvasRenderingContext2D
  readonly colours: Palette
}

export const SANS = 'ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif'
/** Least distance of two lines of text, px. */
export const LINE_HEIGHT = 13
