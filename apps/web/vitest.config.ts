import { defineProject } from 'vitest/config'
import { shared } from '../../vitest.shared.ts'

/** The test in a page drives Chromium from Node; the rest runs anywhere. */
const elsewhere = 'Bun' in globalThis || 'Deno' in globalThis

export default defineProject({
  ...shared,
  test: { name: 'web', include: ['test/**/*.test.ts'], exclude: elsewhere ? ['test/page.node.test.ts'] : [] },
})
