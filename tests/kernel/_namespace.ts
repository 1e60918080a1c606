import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import process from 'node:process'

export interface Finished {
  /** Exit code; null after a signal. */
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** How long a program may take, in ms, before it is killed and its test fails. */
const PATIENCE = 30_000
let serial = 0

/** A host of the kernel's own: a network namespace. Nothing in it reaches the machine's network, or is reached from there. */
export class Namespace {
  readonly name: string = `l4k-${process.pid}-${serial++}`
  readonly #children = new Set<ChildProcess>()
  readonly #removeAtExit = (): void => this.#remove()

  constructor() {
    execFileSync('ip', ['netns', 'add', this.name], { stdio: 'pipe' })
    process.once('exit', this.#removeAtExit)
    this.ip('link', 'set', 'lo', 'up')
  }

  /** `ip -n NAMESPACE …`; returns what it prints. */
  ip(...words: string[]): string {
    return execFileSync('ip', ['-n', this.name, ...words], { stdio: 'pipe', encoding: 'utf8' })
  }

  /** Starts a program inside; `remove` ends it if nobody did. Its pid is the program's own: `ip netns exec` becomes it. */
  start(command: string, ...words: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.name, command, ...words], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#children.add(child)
    child.once('close', () => this.#children.delete(child))
    return child
  }

  /** Runs a program inside to its end, with `input` on its stdin. */
  run(words: readonly [string, ...string[]], input: string | Uint8Array = ''): Promise<Finished> {
    const child = this.start(...words)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout!.on('data', (part: Buffer) => stdout.push(part))
    child.stderr!.on('data', (part: Buffer) => stderr.push(part))
    // A program may end before it has read all of its input.
    child.stdin!.on('error', () => undefined)
    child.stdin!.end(input)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        reject(new Error(`${words.join(' ')} did not end within ${PATIENCE} ms: ${Buffer.concat(stderr).toString()}`))
      }, PATIENCE)
      child.once('error', reject)
      child.once('close', (code) => {
        clearTimeout(timer)
        resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() })
      })
    })
  }

  /** The kernel's counters, such as `TcpInCsumErrors` and `Udp6InDatagrams`. */
  counters(): ReadonlyMap<string, number> {
    const read = (path: string): string =>
      execFileSync('ip', ['netns', 'exec', this.name, 'cat', path], { stdio: 'pipe', encoding: 'utf8' })
    const counters = new Map<string, number>()
    // Pairs of lines: the names of a protocol's counters, then their values.
    const lines = read('/proc/net/snmp').trim().split('\n').map((line) => line.split(' '))
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const protocol = lines[i]![0]!.replace(':', '')
      for (const [column, name] of lines[i]!.entries()) if (column > 0) counters.set(protocol + name, Number(lines[i + 1]![column]))
    }
    for (const line of read('/proc/net/snmp6').trim().split('\n')) {
      const [name, value] = line.trim().split(/\s+/)
      counters.set(name!, Number(value))
    }
    return counters
  }

  /** Ends what still runs inside and removes the namespace. */
  async remove(): Promise<void> {
    process.off('exit', this.#removeAtExit)
    const ends = [...this.#children].map((child) => new Promise((resolve) => child.once('close', resolve)))
    this.#remove()
    await Promise.all(ends)
  }

  #remove(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    try {
      execFileSync('ip', ['netns', 'delete', this.name], { stdio: 'pipe' })
    } catch {
      // Removed already.
    }
  }
}

/** Every counter of damaged packets that the kernel has. Their being zero means something: see checksums.test.ts. */
export function checksumErrors(counters: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counters].filter(([name, count]) => /InCsumErrors|IpInHdrErrors|Ip6InHdrErrors/.test(name) && count > 0))
}
