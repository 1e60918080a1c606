import { defineConfig } from 'vitest/config'
import { reporters } from './testing/reporters.ts'

/** The same suites run in Node, Deno and Bun; what a runtime cannot run is left out here, with the reason printed. */
const runtime = 'Bun' in globalThis ? 'Bun' : 'Deno' in globalThis ? 'Deno' : 'Node'
const projects = ['packages/*/vitest.config.ts', 'apps/*/vitest.config.ts', 'scripts/vitest.config.ts']
const elsewhere: Record<string, string> = {
  scripts: 'the tools of the repository are Node programs',
}

export default defineConfig({
  test: {
    projects: runtime === 'Node' ? projects : projects.filter((path) => !leftOut(path)),
    pool: 'forks',
    reporters: reporters(runtime === 'Node'),
  },
})

function leftOut(path: string): boolean {
  const project = Object.keys(elsewhere).find((name) => path.startsWith(`${name}/`))
  if (project) console.log(` Not run in ${runtime}: ${project}/ (${elsewhere[project]})`)
  return project !== undefined
}
