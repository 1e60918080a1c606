import { defineProject } from 'vitest/config'
import { shared } from '../../vitest.shared.ts'

export default defineProject({ ...shared, test: { name: 'storage', include: ['test/**/*.test.ts'] } })
