import { defineProject } from 'vitest/config'
import { shared } from '../../vitest.shared.ts'

export default defineProject({ ...shared, test: { name: 'storage', testTimeout: 120_000, include: ['test/**/*.test.ts'] } })
