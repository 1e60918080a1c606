import type { Connection } from './connection.ts'
import type { TcpListener } from './listener.ts'

/** Connections and listeners with news for their users, each once, in the order in which the news came. */
export class ReadyQueue {
  /** Keeps its length, so that its memory is not given back and taken again each time. */
  private readonly queue: (Connection | TcpListener | undefined)[] = []
  private head = 0
  private tail = 0

  add(who: Connection | TcpListener): void {
    if (who.ready) return
    who.ready = true
    this.queue[this.tail++] = who
  }

  take(): Connection | TcpListener | undefined {
    if (this.head === this.tail) {
      this.head = this.tail = 0
      return undefined
    }
    const next = this.queue[this.head]!
    this.queue[this.head++] = undefined
    next.ready = false
    return next
  }
}
