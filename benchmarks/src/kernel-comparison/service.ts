import type { ChildProcess } from 'node:child_process'
import { basename } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Namespace } from '../../../tests/kernel/_namespace.ts'
import type { Answer, Commands, Request } from './serve.ts'

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** A program of the test bed that runs in a namespace, as its caller sees it. `C` are the commands that it serves. */
export class Service<C extends Commands<C>> {
  readonly #program: string
  readonly #child: ChildProcess
  readonly #pending = new Map<number, Pending>()
  #last = 0
  #errors = ''

  /** @param program its source. @param prefix words of a command that runs the rest of its line. */
  constructor(namespace: Namespace, program: URL, prefix: readonly string[]) {
    const path = fileURLToPath(program)
    this.#program = basename(path)
    const [command, ...words] = [...prefix, process.execPath, '--conditions=@layerfour/source', path]
    this.#child = namespace.start(command, ...words)
    this.#child.stderr!.on('data', (part: Buffer) => { this.#errors += part.toString() })
    this.#child.once('close', (code) => this.#ended(code))
    this.#child.stdin!.on('error', () => undefined)
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#answered(JSON.parse(line) as Answer))
  }

  /** Rejects when the command fails or the program ends. */
  call<K extends keyof C & string>(command: K, ...[argument]: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>> {
    const request: Request = { id: ++this.#last, command, argument }
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(request.id, { resolve, reject })
      this.#child.stdin!.write(`${JSON.stringify(request)}\n`)
    }) as Promise<Awaited<ReturnType<C[K]>>>
  }

  #answered({ id, result, error }: Answer): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (error === undefined) pending?.resolve(result)
    else pending?.reject(new Error(`${this.#program}: ${error}`))
  }

  #ended(code: number | null): void {
    for (const { reject } of this.#pending.values()) reject(new Error(`${this.#program} ended with ${code}: ${this.#errors}`))
    this.#pending.clear()
  }
}
