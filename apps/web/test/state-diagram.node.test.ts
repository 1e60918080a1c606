import { stateNames, transitions } from '@layerfour/tcp'
import { describe, expect, test } from 'vitest'
import { arrowLabel, causeText } from '../src/states/cause-text.ts'
import type { Diagram } from '../src/states/state-diagram-layout.ts'
import { END_ID, layoutStateDiagram } from '../src/states/state-diagram-layout.ts'

const sizes = [{ width: 370, height: 250 }, { width: 600, height: 430 }]
const layout = (size: { width: number, height: number }): Diagram =>
  layoutStateDiagram(transitions, { ...size, nodeWidth: 94, nodeHeight: 20 })

describe.each(sizes)('the state diagram in %o', (size) => {
  const { nodes, edges, width, height } = layout(size)

  test('has every state once, and CLOSED a second time at the end', () => {
    expect(nodes.map(({ id }) => id).sort()).toEqual([...stateNames, END_ID].sort())
    expect(nodes.find(({ id }) => id === END_ID)?.state).toBe('CLOSED')
  })

  test('has every transition of the table on exactly one arrow, between its states', () => {
    const drawn = edges.flatMap((edge) => edge.transitions.map((transition) => ({ transition, edge })))
    expect(drawn.map(({ transition }) => transition).sort(byText)).toEqual([...transitions].sort(byText))
    for (const { transition, edge } of drawn) {
      expect(edge.from).toBe(transition.from)
      expect(edge.to.replace(END_ID, 'CLOSED')).toBe(transition.to)
    }
  })

  test('keeps every state within the picture and apart from the others', () => {
    for (const [i, a] of nodes.entries()) {
      expect(a.x - a.width / 2).toBeGreaterThanOrEqual(0)
      expect(a.x + a.width / 2).toBeLessThanOrEqual(width)
      expect(a.y - a.height / 2).toBeGreaterThanOrEqual(0)
      expect(a.y + a.height / 2).toBeLessThanOrEqual(height)
      for (const b of nodes.slice(i + 1)) {
        expect(Math.abs(a.x - b.x) >= a.width || Math.abs(a.y - b.y) >= a.height, `${a.id} and ${b.id} overlap`).toBe(true)
      }
    }
  })

  test('leads downwards: no arrow of the normal course goes back up', () => {
    const row = new Map(nodes.map((node) => [node.id, node.row]))
    for (const { from, to } of edges) expect(row.get(to)!, `${from} to ${to}`).toBeGreaterThanOrEqual(row.get(from)!)
  })

  test('draws arrows of numbers, each on a path of its own', () => {
    for (const { path, labelX, labelY } of edges) {
      expect(path).not.toMatch(/NaN|undefined|Infinity/)
      expect(Number.isFinite(labelX) && Number.isFinite(labelY)).toBe(true)
    }
    expect(new Set(edges.map(({ path }) => path)).size).toBe(edges.length)
  })
})

test('what a connection goes through normally is drawn in the middle; what breaks it, along the side', () => {
  const { edges } = layout(sizes[0]!)
  const exits = edges.filter(({ exit }) => exit)
  expect(exits.length).toBeGreaterThan(0)
  for (const { to } of exits) expect(to).toBe(END_ID)
  expect(edges.find(({ from }) => from === 'TIME-WAIT')?.exit).toBe(false)
  expect(edges.find(({ from }) => from === 'LAST-ACK')?.exit).toBe(false)
})

test('another table is laid out as well', () => {
  const { nodes, edges } = layoutStateDiagram([
    { from: 'CLOSED', cause: 'ActiveOpen', to: 'SYN-SENT', sends: 'SYN', section: '' },
    { from: 'SYN-SENT', cause: 'Timeout', to: 'CLOSED', sends: '', section: '' },
  ], { width: 200, height: 100, nodeWidth: 60, nodeHeight: 20 })
  expect(nodes.map(({ id }) => id)).toEqual(['CLOSED', 'SYN-SENT', END_ID])
  expect(edges.map(({ id }) => id)).toEqual(['CLOSED → SYN-SENT', `SYN-SENT → ${END_ID}`])
})

test('every cause has words for arrow and caption', () => {
  for (const transition of transitions) {
    expect(arrowLabel(transition)).toMatch(/^\S/)
    expect(causeText(transition.cause)).toMatch(/^\S/)
  }
  expect(arrowLabel(transitions.find(({ from, cause }) => from === 'LISTEN' && cause === 'ReceiveSyn')!)).toBe('SYN / SYN,ACK')
})

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
