import { defineProject } from 'vitest/config'
import { shared } from '../vitest.shared.ts'

/** What a benchmark finds without a clock; the timed ones are no tests. */
export default defineProject({ ...shared, test: { name: 'benchmarks', include: ['test/**/*.test.ts'] } })
