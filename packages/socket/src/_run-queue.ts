import { nextTurn } from './_host.ts'
import { beginBurst, endBurst } from './_host-clock.ts'

/** Something that is to run soon. */
export interface Runnable {
  run(): void
}

/** So many runs may follow each other in one microtask. */
const RUNS_PER_MICROTASK = 16
/**
 * So many runs may follow each other in microtasks, which cost next to nothing; then the host gets a turn if it had none for so many
 * ms. Else two busy stacks joined in one process would keep its timers and I/O waiting for ever.
 */
const RUNS_PER_TURN = 64
const TURN = 0.2

/** Those who are to run, in the order in which they asked: `queue[first, last)`. It keeps its length, lest it be made anew each time. */
const queue: (Runnable | undefined)[] = []
let first = 0
let last = 0
let scheduled = false
let runs = 0
/** When the host had its last turn that we know of, in ms. */
let turn = 0

/** Runs `who` in a microtask, or in the host's next turn; whoever asks meanwhile runs in the same one. */
export function runSoon(who: Runnable): void {
  queue[last++] = who
  if (!scheduled) schedule()
}

function schedule(): void {
  scheduled = true
  if (runs < RUNS_PER_TURN) {
    beginBurst()
    queueMicrotask(runAll)
    return
  }
  runs = 0
  const now = performance.now()
  if (now - turn < TURN) queueMicrotask(runAll)
  else nextTurn(takeTurn)
}

function takeTurn(): void {
  turn = performance.now()
  runAll()
}

function runAll(): void {
  endBurst()
  let left = RUNS_PER_MICROTASK
  try {
    while (first < last && left-- > 0) {
      runs++
      const who = queue[first]!
      queue[first++] = undefined
      who.run()
    }
  } finally {
    // Also when one threw: it is the host's uncaught exception, and the others run all the same.
    queue.copyWithin(0, first, last)
    last -= first
    first = 0
    scheduled = false
    if (last > 0) schedule()
  }
}
