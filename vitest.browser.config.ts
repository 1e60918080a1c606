import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumPath } from './testing/missing.node.ts'
import { optional } from './testing/optional.ts'
import { reporters } from './testing/reporters.ts'
import { conditions } from './vitest.shared.ts'

const executablePath = chromiumPath()
const missing = executablePath ? undefined : 'no /usr/bin/chromium, and CHROME_PATH names none'
const present = optional('Chromium', missing, 'every suite in a page')

// Keeps Chromium from phoning home and from using what a CI machine does not have.
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync',
]

/** The packages' suites in a page. Tests that need Node's modules are named *.node.test.ts and stay out. */
export default defineConfig({
  resolve: { conditions: ['browser', ...conditions] },
  optimizeDeps: { include: ['fast-check'] },
  test: {
    name: 'chromium',
    include: present ? ['packages/*/test/**/*.test.ts'] : [],
    exclude: ['**/*.node.test.ts', '**/node_modules/**'],
    passWithNoTests: !present,
    testTimeout: 120_000,
    reporters: reporters(false),
    browser: {
      enabled: present,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { ...(executablePath ? { executablePath } : {}), args } }),
      instances: [{ browser: 'chromium' }],
    },
  },
})
