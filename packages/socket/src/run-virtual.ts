import type { Simulation } from '@layerfour/sim'
import { hostTurn } from './_host.ts'

/** A virtual clock: a `Simulation` of `@layerfour/sim`, or something like it. */
export type VirtualTime = Pick<Simulation, 'now' | 'deadline' | 'step'>

/** Something whose work may settle promises: a `Stack`, `VirtualTimers`. */
export interface Active {
  /** Grows whenever a promise may have settled. */
  readonly activity: number
}

export interface VirtualOptions<T> {
  /** Ends the run when it settles. Without it the run ends when nothing is due any more. */
  readonly until?: Promise<T>
  /** The latest virtual time in ms. */
  readonly limit?: number
  /** Real ms to wait for the host when nothing is due but `until` is pending; default 2000. */
  readonly patience?: number
}

/** Steps without activity after which the host gets a turn all the same. */
const STEPS_PER_TURN = 256

/**
 * Runs a simulation together with code that awaits its stacks' promises. Whenever a step called a socket's
 * readiness callback, virtual time stands still until that code has run as far as it can by itself; so all that it
 * does happens at the virtual time of its cause, and a run repeats exactly, in every engine.
 *
 * It repeats as long as that code awaits nothing from outside: files, real timers, `crypto.subtle`. Virtual time goes on
 * meanwhile (or, if nothing is due, waits for up to `patience`).
 *
 * Returns what `until` resolves with, and rejects as it does; rejects with an Error when virtual time passes `limit`, when `until` can
 * never settle because nothing is due, and with whatever a step throws.
 */
export async function runVirtual<T = void>(
  simulation: VirtualTime, parts: readonly Active[], options: VirtualOptions<T> = {},
): Promise<T> {
  const { until, limit = Infinity, patience = 2000 } = options
  let settled = false
  const settle = (): void => { settled = true }
  until?.then(settle, settle)
  const activity = (): number => parts.reduce((sum, part) => sum + part.activity, 0)

  await hostTurn()
  for (let quiet = 0; !settled; quiet++) {
    const { deadline } = simulation
    if (deadline === Infinity) {
      await hostTurn()
      if (settled || simulation.deadline < Infinity) continue
      if (until === undefined) return undefined as T
      await waitForHost(() => settled || simulation.deadline < Infinity, patience)
      continue
    }
    if (deadline > limit && deadline > simulation.now) {
      throw new Error(`virtual time would pass its limit of ${limit} ms`)
    }
    const before = activity()
    simulation.step()
    if (activity() !== before || quiet >= STEPS_PER_TURN) {
      quiet = 0
      await hostTurn()
    }
  }
  return until as Promise<T>
}

/** Nothing is due in virtual time: only the host can go on. */
async function waitForHost(done: () => boolean, patience: number): Promise<void> {
  const start = performance.now()
  while (!done()) {
    if (performance.now() - start > patience) {
      throw new Error('virtual time stands still: nothing is due, and what the run waits for is still pending')
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
