/** The few things that every JavaScript host has under one name or another. */

interface NodeLikeGlobals {
  setImmediate?: (callback: () => void) => unknown
}

let channel: MessageChannel | undefined
const waiting: (() => void)[] = []

/**
 * Calls back in a turn of the event loop of its own: after all pending microtasks, and with a chance
 * for the host's timers and I/O in between. Never waits a millisecond, as `setTimeout(0)` may.
 */
export function nextTurn(callback: () => void): void {
  const { setImmediate } = globalThis as NodeLikeGlobals
  if (setImmediate !== undefined) {
    setImmediate(callback)
    return
  }
  if (channel === undefined) {
    channel = new MessageChannel()
    channel.port1.onmessage = () => waiting.shift()?.()
  }
  waiting.push(callback)
  channel.port2.postMessage(null)
}

/** Resolves in the next turn of the event loop, when whatever microtasks could do is done. */
export function hostTurn(): Promise<void> {
  return new Promise(nextTurn)
}

/** Whether the process may end although this timer is pending, on hosts that wait for timers at all. */
export function keepAlive(timer: unknown, alive: boolean): void {
  const { ref, unref } = Object(timer) as { ref?: () => void, unref?: () => void }
  if (typeof ref === 'function' && typeof unref === 'function') (alive ? ref : unref).call(timer)
}
