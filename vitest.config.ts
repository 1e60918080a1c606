import { defineConfig } from 'vitest/config'
import { reporters } from './testing/reporters.ts'

/** The same suites run in Node, Deno and Bun. */
const runtime = 'Bun' in globalThis ? 'Bun' : 'Deno' in globalThis ? 'Deno' : 'Node'
const everywhere = ['packages/*/vitest.config.ts', 'apps/*/vitest.config.ts']
/** What only Node runs, and why. */
const nodeOnly = {
  'scripts/vitest.config.ts': 'the tools of the repository are Node programs',
  'bench*/vitest.config.ts': "the heap is sampled through Node's inspector",
}

if (runtime !== 'Node') {
  for (const [project, reason] of Object.entries(nodeOnly)) console.log(` Not run in ${runtime}: ${project.split('/')[0]} (${reason})`)
}

export default defineConfig({
  test: {
    projects: runtime === 'Node' ? [...everywhere, ...Object.keys(nodeOnly)] : everywhere,
    pool: 'forks',
    reporters: reporters(runtime === 'Node'),
  },
})
