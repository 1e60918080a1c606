import { defineProject } from 'vitest/config'
import { shared } from '../../vitest.shared.ts'

/** Some tests start programs in three runtimes and read 11 MB with tshark; a busy machine takes its time. */
const patience = 60_000

export default defineProject({
  ...shared, test: { name: 'cli', include: ['test/**/*.test.ts'], testTimeout: patience, hookTimeout: patience },
})
