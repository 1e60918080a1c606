import { readFileSync } from 'node:fs'
import { iperf3 } from '../../../tests/kernel/_iperf3.ts'
import { Namespace } from '../../../tests/kernel/_namespace.ts'
import { l4, startAndWait } from '../../../tests/kernel/_programs.ts'

/** Who sends: the kernel to us, or we to the kernel. */
export type Direction = 'receive' | 'send'

/** What one test moved, and what it took. */
export interface Turn {
  /** Gbit/s, by the receiver's clock. */
  readonly rate: number
  /** Gbit per second of our process's CPU time: user and system, all its threads. */
  readonly perCpuSecond: number
}

/** The kernel counts CPU time in these (USER_HZ, 100 on every Linux machine), per second. */
const TICKS = 100
const ADDRESS = '10.9.0.2'

/** An `l4 host` on a TUN interface, in a network namespace of its own, and the kernel's iperf3 client beside it. */
export class TunHost {
  readonly #namespace = new Namespace()
  #pid = 0

  /** @param words further ones for `l4 host`. */
  async open(words: readonly string[]): Promise<void> {
    const { child } = await startAndWait(this.#namespace, [
      ...l4, 'host', '--tun', 'l4', '--address', `${ADDRESS}/24`, '--no-control', '--json', ...words,
    ])
    this.#pid = child.pid!
  }

  /** One test of `seconds`. Rejects when iperf3 could not make it. */
  async run(direction: Direction, seconds: number): Promise<Turn> {
    const before = this.#cpuTime()
    const { report } = await iperf3(this.#namespace, ADDRESS, '--time', String(seconds), ...direction === 'send' ? ['--reverse'] : [])
    const cpu = this.#cpuTime() - before
    const received = report.end.sum_received
    if (report.error !== undefined || received === undefined) throw new Error(`iperf3: ${report.error ?? 'no result'}`)
    return { rate: received.bits_per_second / 1e9, perCpuSecond: received.bytes * 8 / 1e9 / cpu }
  }

  remove(): Promise<void> {
    return this.#namespace.remove()
  }

  /** Of our process so far, in s. */
  #cpuTime(): number {
    // proc_pid_stat(5): utime and stime are fields 14 and 15. The name, field 2, may hold blanks and ends with the last ')'.
    const stat = readFileSync(`/proc/${this.#pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS
  }
}
