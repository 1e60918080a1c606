import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Benchmark } from './benchmark.ts'
import { benchAgain } from './command-lines.ts'
import type { BenchmarkDocument, BenchmarkEntry } from './document.ts'
import { runtimeName } from './runtime.ts'

/**
 * Runs benchmarks one after another, each in a process of its own: what one of them taught the engine, or left on the heap, is nothing to
 * the next. One that fails is reported, and the others still run; its name is in `failed`.
 */
export async function runIsolated(
  chosen: readonly Benchmark[], options: readonly string[],
): Promise<{ entries: BenchmarkEntry[], failed: string[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'))
  const file = join(directory, 'results.json')
  const entries: BenchmarkEntry[] = []
  const failed: string[] = []
  try {
    for (const { name, runtimes } of chosen) {
      if (runtimes?.includes(runtimeName()) === false) continue
      const [program, ...args] = benchAgain()
      const code = await run(program, [...args, name, ...options, '--brief', '--json', file])
      if (code === 0) entries.push(...(JSON.parse(readFileSync(file, 'utf8')) as BenchmarkDocument).benchmarks)
      else failed.push(name)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
  return { entries, failed }
}

/** Resolves with the exit code of a program that prints where this one does; 127 when it cannot be started. */
export function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    child.on('error', (error) => {
      console.error(error.message)
      resolve(127)
    })
    child.on('close', (code) => resolve(code ?? 1))
  })
}
