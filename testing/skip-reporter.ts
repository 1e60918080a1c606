import process from 'node:process'
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node'
import { everythingRequired, missingMark } from './optional.ts'

/**
 * Says at the end of a run which optional tools were missing, and so what was not tested, and which
 * tests were skipped. With `LAYERFOUR_REQUIRE=1` a skipped test makes the run fail if `home` is true:
 * Deno, Bun and Chromium may skip what only Node can do, Node may skip nothing.
 */
export class SkipReporter implements Reporter {
  readonly #home: boolean
  readonly #missing = new Set<string>()
  readonly #skipped = new Set<string>()
  #filtered = false

  constructor(home: boolean) {
    this.#home = home
  }

  onInit(vitest: Vitest): void {
    // `vitest -t name` counts all other tests as skipped; that is what was asked for.
    this.#filtered = Boolean(vitest.config.testNamePattern)
  }

  onUserConsoleLog(log: { content: string }): void {
    for (const line of log.content.split('\n')) {
      if (line.startsWith(missingMark)) this.#missing.add(line.slice(missingMark.length).trim())
    }
  }

  onTestCaseResult(test: TestCase): void {
    if (test.result().state === 'skipped') this.#skipped.add(`${test.module.relativeModuleId} > ${test.fullName}`)
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length === 0) return
    if (this.#missing.size === 0) console.log(' No optional tool was missing.')
    for (const line of this.#missing) console.log(` ${line}`)
    if (this.#skipped.size === 0 || this.#filtered) return
    const forbidden = this.#home && everythingRequired()
    console.log(` Skipped tests: ${this.#skipped.size}${forbidden ? ', which LAYERFOUR_REQUIRE=1 forbids' : ''}`)
    for (const name of [...this.#skipped].slice(0, 20)) console.log(`   ${name}`)
    if (this.#skipped.size > 20) console.log(`   and ${this.#skipped.size - 20} more`)
    if (forbidden) process.exitCode = 1
  }
}
