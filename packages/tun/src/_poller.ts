import process from 'node:process'
import { libc, O_CLOEXEC, O_NONBLOCK, POLLIN } from './_libc.ts'

/** A descriptor whose owner wants to know when it can be read. */
export interface Watched {
  readonly fd: number
  /** Something is there to read, or the descriptor failed; reading tells which. Whether a packet was read. */
  readable(): boolean
  /** No thread looks at the descriptor any more: now it may be closed. */
  released(): void
}

// A worker that is terminated runs no exit handler; its thread then hangs on for at most this long. In ms.
const LONGEST_WAIT = 1000
const POLLFD_SIZE = 8

/**
 * Waits for all open interfaces at once. koffi runs an asynchronous call on a thread of the runtime's small pool (libuv: 4), so
 * one waiting call per interface would soon leave no thread for files and name look-ups. An eventfd among the descriptors ends
 * the wait early when the set changes.
 */
class Poller {
  readonly #watched: Watched[] = []
  readonly #leaving: Watched[] = []
  /** Those that the running call looks at; its results come back in this order. */
  #polled: Watched[] = []
  #descriptors: DataView = new DataView(new ArrayBuffer(16 * POLLFD_SIZE))
  readonly #counter = new Uint8Array(new BigUint64Array([1n]).buffer)
  #wakeFd = -1
  #waiting = false
  #delivering = false
  /** A look without waiting is due in the next turn of the event loop. */
  #looking = false
  readonly #onExit = (): void => this.#wake()

  add(watched: Watched): void {
    this.#watched.push(watched)
    this.#settle()
  }

  /** `released` is called as soon as no thread uses the descriptor; that may be before this returns. */
  remove(watched: Watched): void {
    const at = this.#watched.indexOf(watched)
    if (at < 0) return
    this.#watched.splice(at, 1)
    this.#leaving.push(watched)
    this.#settle()
  }

  /** Brings the wait in line with the set: interrupts it when one is on, starts one when it is needed. */
  #settle(): void {
    if (this.#waiting) return this.#wake()
    if (this.#delivering || this.#looking) return // #done and #lookAgain settle when all have read
    for (const watched of this.#leaving.splice(0)) watched.released()
    if (this.#watched.length > 0) return this.#wait()
    this.#closeWakeFd()
  }

  #wait(): void {
    const c = libc()
    if (this.#wakeFd < 0) {
      this.#wakeFd = c.eventfd(0, O_NONBLOCK | O_CLOEXEC)
      // Runtimes join their threads on the way out: without this, process.exit() would hang for the rest of the wait.
      process.on('exit', this.#onExit)
    }
    this.#polled = this.#watched.slice()
    const count = this.#polled.length + 1
    if (this.#descriptors.byteLength < count * POLLFD_SIZE) {
      this.#descriptors = new DataView(new ArrayBuffer(2 * count * POLLFD_SIZE))
    }
    // struct pollfd { int fd; short events; short revents }
    for (let i = 0; i < count; i++) {
      this.#descriptors.setInt32(i * POLLFD_SIZE, i === 0 ? this.#wakeFd : this.#polled[i - 1]!.fd, true)
      this.#descriptors.setInt32(i * POLLFD_SIZE + 4, POLLIN, true)
    }
    this.#waiting = true
    c.poll(new Uint8Array(this.#descriptors.buffer), count, LONGEST_WAIT, this.#done)
  }

  readonly #done = (ready: number): void => {
    this.#waiting = false
    this.#delivering = true
    const revents = (i: number): number => (ready > 0 ? this.#descriptors.getInt16(i * POLLFD_SIZE + 6, true) : 0)
    let active = false
    try {
      if (revents(0) !== 0) libc().read(this.#wakeFd, new Uint8Array(8), 8)
      for (let i = 0; i < this.#polled.length; i++) {
        const watched = this.#polled[i]!
        if (revents(i + 1) !== 0 && !this.#leaving.includes(watched) && watched.readable()) active = true
      }
    } finally {
      // Also after an exception of a receiver: it is the application's, and the other interfaces go on.
      this.#delivering = false
      if (active) this.#lookSoon()
      else this.#settle()
    }
  }

  /**
   * Where packets came, more follow as soon as they are answered. To look costs a microsecond, to wait on a thread and be woken fifty: so
   * the rest of the program has its turn, and then we look without waiting, until nothing is there.
   */
  #lookSoon(): void {
    this.#looking = true
    setImmediate(this.#lookAgain)
  }

  readonly #lookAgain = (): void => {
    let active = false
    this.#delivering = true
    try {
      for (let i = 0; i < this.#watched.length; i++) if (this.#watched[i]!.readable()) active = true
    } finally {
      this.#delivering = false
      this.#looking = false
      for (const watched of this.#leaving.splice(0)) watched.released()
      if (active) this.#lookSoon()
      else this.#settle()
    }
  }

  #wake(): void {
    if (this.#wakeFd >= 0) libc().write(this.#wakeFd, this.#counter, 8)
  }

  #closeWakeFd(): void {
    if (this.#wakeFd < 0) return
    process.off('exit', this.#onExit)
    libc().close(this.#wakeFd)
    this.#wakeFd = -1
  }
}

export const poller: Poller = new Poller()
