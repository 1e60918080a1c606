import { describe, expect, it } from 'vitest'
import { createColours, wantsColours } from '../src/terminal/colours.ts'
import { ProgressBar } from '../src/terminal/progress-bar.ts'
import { formatTable } from '../src/terminal/table.ts'
import { FakeTerminal } from './_terminal.ts'

describe('colours', () => {
  it('a terminal gets them, anything else does not', () => {
    expect(wantsColours({}, true)).toBe(true)
    expect(wantsColours({}, false)).toBe(false)
  })

  it('NO_COLOR forbids them, whatever its value, and beats FORCE_COLOR', () => {
    expect(wantsColours({ NO_COLOR: '1' }, true)).toBe(false)
    expect(wantsColours({ NO_COLOR: '0', FORCE_COLOR: '1' }, true)).toBe(false)
  })

  it('an empty NO_COLOR says nothing', () => expect(wantsColours({ NO_COLOR: '' }, true)).toBe(true))

  it('FORCE_COLOR demands them, unless it is 0', () => {
    expect(wantsColours({ FORCE_COLOR: '1' }, false)).toBe(true)
    expect(wantsColours({ FORCE_COLOR: '0' }, true)).toBe(false)
  })

  it('a dumb terminal gets none', () => expect(wantsColours({ TERM: 'dumb' }, true)).toBe(false))

  it('without them text stays as it is', () => {
    expect(createColours(false).red('text')).toBe('text')
    expect(createColours(true).red('text')).toBe('\x1b[31mtext\x1b[39m')
  })
})

describe('tables', () => {
  const columns = [{ title: 'Name' }, { title: 'Size', align: 'right' as const }, { title: 'State' }]

  it('columns are as wide as their widest cell, numbers stand to the right, no line ends in spaces', () => {
    expect(formatTable(columns, [['a', '1', 'open'], ['longer', '1,000', '']])).toEqual([
      'Name     Size  State',
      'a           1  open',
      'longer  1,000',
    ])
  })

  it('colours do not count as width', () => {
    const { green } = createColours(true)
    const [, row] = formatTable([{ title: 'A', paint: green }, { title: 'B' }], [['xy', 'z']])
    expect(row).toBe('\x1b[32mxy\x1b[39m  z')
  })
})

describe('progress bar', () => {
  it('writes nothing where nobody watches', () => {
    const terminal = new FakeTerminal()
    const bar = new ProgressBar(terminal, 100)
    bar.update(50, 'half')
    bar.above(() => terminal.out('line\n'))
    bar.clear()
    expect(terminal.complaints).toBe('')
    expect(terminal.written).toBe('line\n')
  })

  it('shows the share and the note, and never fills the line', () => {
    const terminal = new FakeTerminal({ interactive: true, columns: 40 })
    new ProgressBar(terminal, 100, () => 0).update(50, '8 Mbit/s')
    const line = terminal.complaints.replace('\r\x1b[K', '')
    expect(line).toBe(` 50 % ${'━'.repeat(11)}${'─'.repeat(11)} 8 Mbit/s`)
    expect(line.length).toBeLessThan(40)
  })

  it('is drawn again at most every 50 ms', () => {
    const terminal = new FakeTerminal({ interactive: true })
    let now = 0
    const bar = new ProgressBar(terminal, 100, () => now)
    bar.update(1, 'a')
    now = 49
    bar.update(2, 'b')
    expect(terminal.complaints).not.toContain('b')
    now = 50
    bar.update(3, 'c')
    expect(terminal.complaints).toContain('c')
  })

  it('lines go above it: it is wiped, the line is written, it is drawn again', () => {
    const terminal = new FakeTerminal({ interactive: true })
    const bar = new ProgressBar(terminal, undefined, () => 0)
    bar.update(1, 'note')
    bar.above(() => terminal.error('line\n'))
    bar.clear()
    expect(terminal.complaints).toBe('\r\x1b[Knote\r\x1b[Kline\n\r\x1b[Knote\r\x1b[K')
  })

  it('a narrow terminal gets figures alone', () => {
    const terminal = new FakeTerminal({ interactive: true, columns: 14 })
    new ProgressBar(terminal, 100, () => 0).update(50, '8 Mbit/s')
    expect(terminal.complaints).toBe('\r\x1b[K 50 % 8 Mbit/')
  })
})
