import { defineProject } from 'vitest/config'
import { shared } from '../../vitest.shared.ts'

/** Named for the app's runtime; the tests run in Node and Bun as well. */
export default defineProject({ ...shared, test: { name: 'deno', include: ['test/**/*.test.ts'] } })
