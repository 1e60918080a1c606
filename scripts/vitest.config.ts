import { defineProject } from 'vitest/config'
import { shared } from '../vitest.shared.ts'

// The house's own tools: they run on Node alone and start other programs, hence the patience.
export default defineProject({ ...shared, test: { name: 'scripts', include: ['test/**/*.test.ts'], testTimeout: 60_000 } })
