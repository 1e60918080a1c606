import type { ChildProcess } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Namespace } from './_namespace.ts'

const conditions = '--conditions=@layerfour/source'

/** The words that run a TypeScript program of the repository from its sources. */
export function typescript(path: string): [string, ...string[]] {
  return [process.execPath, conditions, fileURLToPath(new URL(path, import.meta.url))]
}

export const l4: [string, ...string[]] = typescript('../../apps/cli/src/main.ts')

/** Starts a program that prints JSON lines, and waits for the first. */
export async function startAndWait<T>(namespace: Namespace, words: readonly [string, ...string[]]): Promise<Started<T>> {
  const child = namespace.start(...words)
  let errors = ''
  child.stderr!.on('data', (part: Buffer) => { errors += part.toString() })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const lines: unknown[] = []
  const first = new Promise<T>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      lines.push(JSON.parse(line))
      resolve(lines[0] as T)
    })
  })
  const failed = ended.then((code) => {
    throw new Error(`${words.slice(2).join(' ')} ended with ${code} before it was ready: ${errors}`)
  })
  return { child, ended, lines, ready: await Promise.race([first, failed]) }
}

export interface Started<T> {
  readonly child: ChildProcess
  /** Its exit code, null after a signal. */
  readonly ended: Promise<number | null>
  /** All that it has printed. */
  readonly lines: readonly unknown[]
  readonly ready: T
}
