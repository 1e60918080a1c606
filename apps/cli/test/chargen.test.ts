import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CHARGEN_PERIOD, fillChargen } from '../src/chargen.ts'
import { openSource } from '../src/transfer/byte-source.ts'

const sample = readFileSync(new URL('../../../samples/chargen.txt', import.meta.url))

describe('RFC 864: the character generator', () => {
  it('lines of 72 printing characters, each beginning one character later, with CR LF', () => {
    const bytes = new Uint8Array(CHARGEN_PERIOD)
    fillChargen(bytes, 0, bytes.length, 0)
    const lines = new TextDecoder().decode(bytes).split('\r\n')
    expect(lines).toHaveLength(96)
    const printing = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i)).join('')
    for (const [i, line] of lines.slice(0, 95).entries()) expect(line).toBe((printing + printing).slice(i, i + 72))
  })

  it('any stretch is the same, however it is cut', () => {
    const whole = new Uint8Array(3 * CHARGEN_PERIOD)
    fillChargen(whole, 0, whole.length, 0)
    for (const [from, to] of [[0, 1], [7000, 7100], [1, 2 * CHARGEN_PERIOD + 5], [CHARGEN_PERIOD, CHARGEN_PERIOD]] as const) {
      const part = new Uint8Array(to - from + 2)
      fillChargen(part, 1, 1 + to - from, from)
      expect(part).toEqual(Uint8Array.of(0, ...whole.subarray(from, to), 0))
    }
  })
})

describe('what a transfer sends', () => {
  const drain = (source: ReturnType<typeof openSource>): string => {
    const digest = createHash('sha256')
    const chunk = new Uint8Array(65_536)
    for (let count = source.read(chunk); count > 0; count = source.read(chunk)) digest.update(chunk.subarray(0, count))
    source.close()
    return digest.digest('hex')
  }
  const expected = createHash('sha256').update(sample).digest('hex')

  it("without a file it is the repository's sample", () => {
    const source = openSource(undefined, undefined)
    expect(source).toMatchObject({ name: 'samples/chargen.txt', size: 10_485_760 })
    expect(drain(source)).toBe(expected)
  })

  it('10 MiB of the generated pattern are the same bytes', () => expect(drain(openSource(undefined, 10_485_760))).toBe(expected))

  it('a size of 0 is at its end at once', () => expect(openSource(undefined, 0).read(new Uint8Array(10))).toBe(0))
})
