import process from 'node:process'
import { createInterface } from 'node:readline'

/** What a program of the test bed can be asked to do: each takes one argument of JSON and gives JSON, or a promise of it. */
export type Commands<C> = { readonly [K in keyof C]: (argument: never) => unknown }

/** A line to a program, and its answer. */
export interface Request {
  readonly id: number
  readonly command: string
  readonly argument: unknown
}

export interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** Obeys the commands that come on stdin, one JSON object a line, and answers each on stdout. Ends with stdin. */
export function serve<C extends Commands<C>>(commands: C): void {
  const known = new Map(Object.entries(commands) as [string, (argument: unknown) => unknown][])
  const obey = async ({ id, command, argument }: Request): Promise<void> => {
    let answer: Answer
    try {
      answer = { id, result: await known.get(command)!(argument) }
    } catch (error) {
      answer = { id, error: error instanceof Error ? error.stack ?? error.message : String(error) }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
  createInterface({ input: process.stdin })
    .on('line', (line) => void obey(JSON.parse(line) as Request))
    .on('close', () => process.exit())
}
