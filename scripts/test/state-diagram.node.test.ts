import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { stateDiagram } from '../state-diagram.ts'

test('docs/tcp-states.md is what the state table says', () => {
  const path = new URL('../../docs/tcp-states.md', import.meta.url)
  expect(readFileSync(path, 'utf8')).toBe(stateDiagram())
})
