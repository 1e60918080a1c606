import { expect, test } from 'vitest'
import { inlineConstants } from '../inline-constants.ts'

const tables = new Map([
  ['Reason', new Map([['None', '0'], ['Bad', '5'], ['EPERM', '(-1)']])],
  ['State', new Map([['SYN-SENT', '2']])],
])

test('members of imported objects of constants become numbers', () => {
  const source = `import { Reason, State as S } from '@layerfour/wire'\nreturn a ? Reason.Bad : S['SYN-SENT'] + Reason.EPERM`
  expect(inlineConstants(source, tables).split('\n')[1]).toBe('return a ? 5 : 2 + (-1)')
})

test('and of those that a module declares, but not the declaration', () => {
  const source = `export const Reason = {\n  None: 0,\n  /** Ours. */\n  Bad: 5,\n  EPERM: -1,\n} as const\nreturn Reason.None`
  expect(inlineConstants(source, tables)).toBe(source.replace('Reason.None', '0'))
})

test('anything else stays: names from elsewhere, unknown members, members of members, methods', () => {
  const untouched = [
    'return Reason.Bad',
    `import { Reason } from 'x'\nreturn Reason.Unknown + it.Reason.Bad + Reason.Bad() + Reasons.Bad + Reason['Bad-ly']`,
    `import type { Reason } from 'x'\nlet a: Reason`,
  ]
  for (const source of untouched) expect(inlineConstants(source, tables)).toBe(source)
})
