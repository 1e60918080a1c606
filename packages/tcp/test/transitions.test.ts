import { expect, test } from 'vitest'
import { Cause, nextState, State, transitions } from '../src/index.ts'

test('the table of transitions names every arrow of the state machine once, and no other', () => {
  const named = transitions.map(({ from, cause }) => `${from} ${cause}`)
  const arrows = Object.entries(State).flatMap(([from, state]) => (
    Object.entries(Cause).filter(([, cause]) => nextState(state, cause) !== undefined).map(([cause]) => `${from} ${cause}`)
  ))
  expect(named.toSorted()).toEqual(arrows.toSorted())
  for (const { from, cause, to } of transitions) expect(nextState(State[from], Cause[cause])).toBe(State[to])
})
