import { describe, expect, test } from 'vitest'
import type { Conformance } from '../conformance.ts'
import { counts, labelsIn, markdown, problems, readTable } from '../conformance.ts'

function conformance(changes: Partial<Conformance> = {}): Conformance {
  return {
    requirements: [
      { label: 'MUST-1', section: '3.1', sentence: 'One.' },
      { label: 'MUST-2', section: '3.1', sentence: 'Two.' },
      { label: 'MAY-1', section: '3.6', sentence: 'A | B.' },
    ],
    tests: new Map([['MUST-1', [{ file: 'a.test.ts', title: 'MUST-1: it holds', passed: true }]]]),
    reasons: new Map([
      ['MUST-2', { kind: 'n/a', text: 'nobody asks' }],
      ['MAY-1', { kind: 'left out', text: 'nobody wants' }],
    ]),
    ...changes,
  }
}

describe('the conformance report', () => {
  test('labels are found in titles, each once', () => {
    expect(labelsIn('MUST-18, SHLD-7 (MAY-2) and MUST-18: text, not XMUST-1 or MUST-')).toEqual(['MUST-18', 'SHLD-7', 'MAY-2'])
    expect(labelsIn('nothing')).toEqual([])
  })

  test('a table has a header line and the columns it should have', () => {
    expect(readTable('a\tb\n1\t2\n3\t4\n', 2)).toEqual([['1', '2'], ['3', '4']])
    expect(() => readTable('a\tb\n1\n', 2)).toThrow('line 2 has 1 columns, expected 2')
  })

  test('nothing is wrong when each label has a passing test or a reason', () => {
    expect(problems(conformance())).toEqual([])
    expect(counts(conformance())).toEqual([
      { level: 'MUST', all: 2, tested: 1, notApplicable: 1, leftOut: 0 },
      { level: 'SHLD', all: 0, tested: 0, notApplicable: 0, leftOut: 0 },
      { level: 'REC', all: 0, tested: 0, notApplicable: 0, leftOut: 0 },
      { level: 'MAY', all: 1, tested: 0, notApplicable: 0, leftOut: 1 },
    ])
  })

  test('a MUST without a test must not apply at all', () => {
    expect(problems(conformance({ tests: new Map() }))).toEqual(['MUST-1 has neither a test nor a reason'])
    const reasons = new Map(conformance().reasons).set('MUST-2', { kind: 'left out', text: 'too much work' })
    expect(problems(conformance({ reasons }))).toEqual(['MUST-2 is left out: too much work'])
  })

  test('a failing test, a needless reason and an unknown label are found', () => {
    const failing = new Map([['MUST-1', [{ file: 'a.test.ts', title: 'MUST-1: it holds', passed: false }]]])
    expect(problems(conformance({ tests: failing }))).toEqual(['MUST-1: a.test.ts "MUST-1: it holds" fails'])
    const tests = new Map(conformance().tests)
      .set('MAY-1', [{ file: 'b.test.ts', title: 'MAY-1: may', passed: true }])
      .set('MUST-99', [{ file: 'c.test.ts', title: 'MUST-99: hm', passed: true }])
    expect(problems(conformance({ tests }))).toEqual([
      'MAY-1 has a test, and still a reason for having none: nobody wants',
      'MUST-99 is no label of RFC 9293: c.test.ts',
    ])
  })

  test('the page has a row for each label, its cells kept apart', () => {
    const page = markdown(conformance())
    expect(page).toContain('| MUST-1 | 3.1 | One. | `a.test.ts`: MUST-1: it holds |')
    expect(page).toContain('| MAY-1 | 3.6 | A \\| B. | left out: nobody wants |')
  })
})
