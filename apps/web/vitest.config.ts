import { defineProject } from 'vitest/config'
import { shared } from '../../vitest.shared.ts'

/** These drive Chromium and `l4` from Node; the rest runs anywhere. */
const ofNode = ['test/page.node.test.ts', 'test/command-line.node.test.ts']
const elsewhere = 'Bun' in globalThis || 'Deno' in globalThis

export default defineProject({
  ...shared,
  test: { name: 'web', include: ['test/**/*.test.ts'], exclude: elsewhere ? ofNode : [] },
})
