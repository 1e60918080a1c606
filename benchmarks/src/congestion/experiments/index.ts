import type { Experiment } from '../experiment.ts'
import { goals } from './goals.ts'
import { grid } from './grid.ts'
import { response } from './response.ts'
import { sharing } from './sharing.ts'
import { windows } from './windows.ts'

/** In the order in which they run and stand in the document. */
export const experiments: readonly Experiment[] = [goals, windows, response, grid, sharing]
