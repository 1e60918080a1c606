import { defineProject } from 'vitest/config'

// The house's own tools: they run on Node alone and start other programs, hence the patience.
export default defineProject({ test: { name: 'scripts', include: ['test/**/*.test.ts'], testTimeout: 60_000 } })
