import { defineConfig } from 'vitest/config'
import { missingKernelHost } from './testing/missing.node.ts'
import { optional } from './testing/optional.ts'
import { reporters } from './testing/reporters.ts'
import { shared } from './vitest.shared.ts'

const present = optional('a kernel test host', missingKernelHost(), 'the Linux kernel and its programs over TUN')

/** The Linux kernel as the peer, over TUN in a network namespace: one file at a time, for they share the machine's names. */
export default defineConfig({
  ...shared,
  test: {
    name: 'kernel',
    include: present ? ['tests/kernel/**/*.test.ts'] : [],
    passWithNoTests: !present,
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: reporters(true),
  },
})
