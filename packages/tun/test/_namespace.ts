import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const bin = fileURLToPath(new URL('../../../node_modules/.bin/', import.meta.url))
const execFileAsync = promisify(execFile)

/** How to start a script in each runtime that is installed here. */
export const runtimes: Record<string, readonly string[]> = Object.fromEntries(
  Object.entries({ node: [], deno: ['run', '--quiet', '--allow-all'], bun: [] }).flatMap(([name, words]) => {
    const own = name === 'node' && !('deno' in process.versions) && !('bun' in process.versions)
    const path = own ? process.execPath : bin + name
    return existsSync(path) ? [[name, [path, ...words]]] : []
  }),
)

/** A network namespace: interfaces and traffic in it are seen by nobody else. */
export class Namespace {
  readonly name: string

  constructor(name: string) {
    this.name = name
    execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' })
  }

  ip(...words: string[]): void {
    execFileSync('ip', ['-n', this.name, ...words], { stdio: 'pipe' })
  }

  /** What the command prints, each line read as JSON. Rejects when it fails or takes longer than 20 s. */
  async run(command: readonly string[]): Promise<unknown[]> {
    const { stdout } = await execFileAsync('ip', ['netns', 'exec', this.name, ...command], { timeout: 20_000 })
    return stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown)
  }

  remove(): void {
    execFileSync('ip', ['netns', 'delete', this.name], { stdio: 'pipe' })
  }
}

/** Why no namespace can be made here, or undefined. */
export function namespacesUnavailable(): string | undefined {
  try {
    new Namespace(`l4try-${process.pid}`).remove()
    return undefined
  } catch (error) {
    return `network namespaces cannot be made: ${(error as Error).message.trim()}`
  }
}
