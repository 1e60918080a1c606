import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readPcapng } from '@layerfour/pcap'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { build, preview } from 'vite'
import type { PreviewServer } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chromiumPath, missingCommand } from '../../../testing/missing.node.ts'
import { optional } from '../../../testing/optional.ts'
import { fillChargen } from '../src/transfer/chargen.ts'
import { presets } from '../src/transfer/presets.ts'
import { Transfer } from '../src/transfer/simulation.ts'

const executablePath = chromiumPath()
const missing = executablePath ? undefined : 'no /usr/bin/chromium, and CHROME_PATH names none'
const present = optional('Chromium', missing, 'the lab in a page')
const tshark = optional('tshark', missingCommand('tshark'), 'what tshark says to captures of the lab')
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]
/** How long the next frame is waited for, on a machine that has other things to do. */
const SOON = { timeout: 10_000 }
const root = fileURLToPath(new URL('..', import.meta.url))

describe.skipIf(!present)('the lab, built and served', { timeout: 60_000 }, () => {
  let folder: string
  let server: PreviewServer
  let browser: Browser
  let page: Page
  /** What the page complained about. */
  let complaints: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'l4-web-'))
    const outDir = join(folder, 'dist')
    await build({ root, logLevel: 'warn', build: { outDir, emptyOutDir: true } })
    server = await preview({ root, logLevel: 'warn', build: { outDir }, preview: { host: '127.0.0.1', port: 0 } })
    browser = await chromium.launch({ executablePath: executablePath!, args: flags })
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await rm(folder, { recursive: true, force: true })
  })

  beforeEach(async () => {
    // With reduced motion the page does not play by itself.
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', acceptDownloads: true })
    complaints = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('requestfailed', (request) => complaints.push(`no ${request.url()}`))
    await page.goto(server.resolvedUrls!.local[0]!)
    await recorded()
  })

  afterEach(async () => {
    await page.close()
    expect(complaints).toEqual([])
  })

  const says = (name: string, value: string) =>
    page.waitForFunction(([key, wanted]) => document.documentElement.dataset[key!] === wanted, [name, value])
  const recorded = () => says('recorded', 'true')
  /** The page shows what was asked for with its next frame: looks until it does. */
  const states = (a: string, b: string) => expect.poll(() => page.locator('.state-chip').allTextContents(), SOON).toEqual([a, b])
  const text = (selector: string) => expect.poll(() => page.locator(selector).textContent(), SOON)
  const choose = async (preset: string) => {
    await page.click(`[data-preset="${preset}"]`)
    await recorded()
  }
  /** Points at the first arrow there is at a height of the ladder; returns the place. */
  const findArrow = () => page.evaluate(() => {
    const canvas = document.querySelector<HTMLElement>('#ladder canvas')!
    const { left, top, width, height } = canvas.getBoundingClientRect()
    const x = left + width * 0.45
    for (let y = top; y < top + height; y += 2) {
      canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: y, bubbles: true }))
      if (canvas.style.cursor === 'pointer') return { x, y }
    }
    throw new Error('no arrow is to be found')
  })

  test('plays to the end: both hosts closed, both digests those of the bytes that were sent', async () => {
    await page.locator('#speed').fill('14')
    await page.keyboard.press('Space')
    await says('ended', 'true')
    await states('CLOSED', 'CLOSED')
    const bytes = new Uint8Array(presets.find(({ id }) => id === 'loss')!.settings.sendA)
    fillChargen(bytes, bytes.length, 0)
    const digest = createHash('sha256').update(bytes).digest('hex')
    const shown = () => page.locator('.digest.a code').evaluateAll((codes: HTMLElement[]) => codes.map((code) => code.title))
    await expect.poll(shown, SOON).toEqual([digest, digest])
    await text('.digest.a .verdict').toBe('equal')
    // One event back TIME-WAIT has not ended yet.
    await page.keyboard.press('ArrowLeft')
    await states('TIME-WAIT', 'CLOSED')
    await text('.node.in-a text').toBe('TIME-WAIT')
  })

  test('steps through the handshake, and marks each state and the arrow to it', async () => {
    await choose('textbook')
    await page.keyboard.press('Space') // The preset plays; now it stands.
    await page.keyboard.press('Home')
    await states('SYN-SENT', 'CLOSED')
    await page.keyboard.press('ArrowRight')
    await states('SYN-SENT', 'SYN-RECEIVED')
    await text('#narration').toContain('received a SYN, LISTEN → SYN-RECEIVED')
    await text('.edge.last-b title').toContain('LISTEN → SYN-RECEIVED')
    await text('.arrow-caption.b').toContain('received a SYN, sends SYN,ACK')
    await page.keyboard.press('ArrowRight')
    await text('#narration').toContain('A: received SYN,ACK, SYN-SENT → ESTABLISHED')
    await page.keyboard.press('End')
    await says('ended', 'true')
    await text('.node.in-a.in-b text').toBe('CLOSED')
  })

  test('space plays and pauses, whatever was clicked last', async () => {
    const pressed = () => page.locator('#play').getAttribute('aria-pressed')
    const playing = (wanted: boolean) => expect.poll(pressed, SOON).toBe(String(wanted))
    await page.keyboard.press('Space')
    await playing(true)
    await page.click('#zoom-in')
    await page.keyboard.press('Space')
    await playing(false)
    await page.click('#hurry')
    await page.keyboard.press('Space')
    await playing(true)
  })

  test('a segment tells of itself when pointed at, and stays when clicked', async () => {
    await choose('textbook')
    await page.keyboard.press('End')
    await says('ended', 'true')
    const { x, y } = await findArrow()
    await page.mouse.move(x, y)
    await page.waitForSelector('.card.hovering:not([hidden])')
    await text('.card.hovering').toContain('Flags')
    await page.mouse.click(x, y)
    await page.waitForSelector('.card.pinned:not([hidden])')
    await page.mouse.move(5, 5)
    await page.waitForSelector('.card.hovering', { state: 'hidden' })
    await page.keyboard.press('Escape')
    await page.waitForSelector('.card.pinned', { state: 'hidden' })
  })

  test('a changed setting makes another run, and the address holds it', async () => {
    await page.locator('#set-sendA').fill('5k')
    await page.locator('#set-sendA').press('Enter')
    await recorded()
    await expect.poll(() => page.locator('#set-sendA').inputValue(), SOON).toBe('5 KiB')
    expect(page.url()).toContain('sendA=5120')
    await page.reload()
    await recorded()
    await page.keyboard.press('End')
    await says('ended', 'true')
    await text('.digest.a .progress-text').toContain('5,120 of 5,120')
  })

  test('every preset runs to its end without a complaint, in dark as well', async () => {
    await page.click('#theme')
    for (const { id } of presets) {
      await choose(id)
      await page.click('#zoom-fit')
      await page.keyboard.press('End')
      await says('ended', 'true')
      await states('CLOSED', 'CLOSED')
      expect(await page.locator('.verdict.bad').count(), id).toBe(0)
    }
  })

  test('a capture has what the host saw, and tshark finds nothing wrong with it', async () => {
    const { settings } = presets.find(({ id }) => id === 'loss')!
    const transfer = new Transfer(settings)
    while (transfer.run(1000));
    const { segments } = transfer.recording
    for (const [side, name] of ['a', 'b'].entries()) {
      const waiting = page.waitForEvent('download')
      await page.click(`#capture-${name}`)
      const chunks: Buffer[] = []
      for await (const chunk of await (await waiting).createReadStream()) chunks.push(chunk as Buffer)
      const bytes = new Uint8Array(Buffer.concat(chunks))
      const packets = [...readPcapng(bytes)].filter(({ type }) => type === 'packet')
      const sent = segments.starts[side as 0 | 1].length
      const received = segments.arrivals[side === 0 ? 1 : 0].length
      expect(packets.length).toBe(sent + received)
      if (tshark) await inspect(bytes, packets.length)
    }
  })

  /** Reads a capture with tshark, checksums verified. */
  async function inspect(bytes: Uint8Array, packets: number): Promise<void> {
    const file = join(folder, 'capture.pcapng')
    await writeFile(file, bytes)
    const read = async (...more: string[]) => {
      const verify = ['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE']
      const { stdout } = await promisify(execFile)('tshark', ['-n', '-r', file, ...verify, ...more])
      return stdout.trim().split('\n').filter(Boolean)
    }
    expect(await read()).toHaveLength(packets)
    expect(await read('-Y', '_ws.malformed || tcp.checksum.status == "Bad" || ip.checksum.status == "Bad"')).toEqual([])
    expect((await read('-Y', 'tcp.checksum.status == "Good"')).length).toBe(packets)
  }
})
