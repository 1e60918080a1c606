/** The few things that hosts have under one name or another. */

interface HostGlobals {
  readonly setImmediate?: (callback: () => void) => unknown
  readonly gc?: (options?: { type: 'major', execution: 'sync', flavor: 'last-resort' }) => void
  readonly Bun?: { gc(sync: boolean): void }
}

let channel: MessageChannel | undefined
const waiting: (() => void)[] = []

/** Calls back in a turn of the event loop of its own, without the milliseconds that `setTimeout` may wait. */
export function nextTurn(callback: () => void): void {
  const { setImmediate } = globalThis as HostGlobals
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

/** Where the host was told to allow it (`--expose-gc`). */
export function collectGarbage(): void {
  const { gc, Bun } = globalThis as HostGlobals
  if (Bun !== undefined) Bun.gc(true)
  else gc?.()
}

/** The same as a host does when memory is short: what V8 keeps in reserve for objects to come goes back to the system as well. */
export function giveMemoryBack(): void {
  const { gc, Bun } = globalThis as HostGlobals
  if (Bun !== undefined) Bun.gc(true)
  else gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
