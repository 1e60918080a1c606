import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { build } from 'vite'
import type { BenchmarkDocument } from '../document.ts'
import type { MeasureOptions } from '../measure.ts'
import type { Machine } from '../runtime.ts'

// Keeps Chromium from phoning home and from using what a CI machine does not have.
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--js-flags=--expose-gc',
]
/** With these a page's clock counts in steps of 5 µs rather than 100. */
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
const ENTRY = 'page.js'
/** A benchmark that takes longer has got stuck, in ms. */
const STUCK = 120_000
/** And a page that takes longer to load, in ms. */
const LOADED = 20_000

interface BenchPage {
  bench(name: string, options: MeasureOptions, machine: Machine): Promise<BenchmarkDocument>
}

/** A headless Chromium that runs benchmarks, each in a page of its own. */
export class BenchBrowser {
  readonly #browser: Browser
  readonly #server: ReturnType<typeof createServer>
  readonly #address: string

  private constructor(browser: Browser, server: ReturnType<typeof createServer>) {
    this.#browser = browser
    this.#server = server
    this.#address = `http://localhost:${(server.address() as AddressInfo).port}/`
  }

  static async open(executablePath: string): Promise<BenchBrowser> {
    const scripts = await bundle()
    const server = createServer(({ url = '' }, response) => {
      const script = scripts.get(url.slice(1))
      response.writeHead(200, { ...isolation, 'Content-Type': script === undefined ? 'text/html' : 'text/javascript' })
      response.end(script ?? `<!doctype html><title>Benchmarks</title><script type="module" src="/${ENTRY}"></script>`)
    })
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
    return new BenchBrowser(await chromium.launch({ executablePath, args }), server)
  }

  /** One benchmark; `print` gets its table. */
  async run(name: string, options: MeasureOptions, machine: Machine, print: (text: string) => void): Promise<BenchmarkDocument> {
    const page = await this.#browser.newPage()
    try {
      page.on('console', (message) => print(message.text()))
      await page.goto(this.#address, { waitUntil: 'load' })
      await page.waitForFunction(() => 'bench' in globalThis, undefined, { timeout: LOADED })
      const result = page.evaluate(
        ([wanted, measure, host]) => (globalThis as unknown as BenchPage).bench(wanted, measure, host), [name, options, machine] as const,
      )
      return await Promise.race([result, stuck(name)])
    } finally {
      await page.close()
    }
  }

  async close(): Promise<void> {
    await this.#browser.close()
    this.#server.close()
  }
}

function stuck(name: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${name} got stuck: it took more than ${STUCK / 1000} s`)), STUCK).unref()
  })
}

/** The page's scripts by name. Node's modules stay out: no contender that imports them takes part. */
async function bundle(): Promise<Map<string, string>> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    // From their sources, as everywhere.
    resolve: { conditions: ['browser', '@layerfour/source', 'module', 'import', 'default'] },
    build: {
      write: false,
      target: 'esnext',
      lib: { entry: fileURLToPath(new URL('page.ts', import.meta.url)), formats: ['es'], fileName: () => ENTRY },
      rolldownOptions: { external: /^node:/ },
    },
  })
  const output = [built].flat()[0]
  if (output === undefined || !('output' in output)) throw new Error('vite gave no bundle')
  return new Map(output.output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file.code]] : [])))
}
