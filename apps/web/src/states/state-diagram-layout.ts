import type { StateName, Transition } from '@layerfour/tcp'

export interface DiagramNode {
  /** The state's name; `CLOSED` is there twice, and the lower one is `CLOSED again`. */
  readonly id: string
  readonly state: StateName
  readonly row: number
  /** The middle. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** All transitions from one state to another are one arrow. */
export interface DiagramEdge {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly transitions: readonly Transition[]
  /** Leaves the normal course of a connection: drawn along the side. */
  readonly exit: boolean
  /** An SVG path. */
  readonly path: string
  /** Where a label may stand. */
  readonly labelX: number
  readonly labelY: number
}

export interface Diagram {
  readonly width: number
  readonly height: number
  readonly nodes: readonly DiagramNode[]
  readonly edges: readonly DiagramEdge[]
}

export interface DiagramSize {
  readonly width: number
  readonly height: number
  readonly nodeWidth: number
  readonly nodeHeight: number
}

const START: StateName = 'CLOSED'
export const END_ID = 'CLOSED again'
/** Room beside the states for the arrows of exits, and where those run. */
const MARGIN = 14
const RAIL = 6
const SWEEPS = 8

interface Arrow {
  readonly from: string
  readonly to: string
  readonly transitions: Transition[]
  readonly exit: boolean
}

/**
 * Lays out the states as a connection goes through them: each state's row is its distance from CLOSED along arrows that do not
 * lead back there, and CLOSED stands at the end once more. Only the table says which states and arrows there are.
 */
export function layoutStateDiagram(table: readonly Transition[], size: DiagramSize): Diagram {
  const rows = rowsOf(table)
  const arrows = arrowsOf(table)
  const order = orderRows(rows, arrows)
  const nodes = placeNodes(order, size)
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const edges = arrows.map((arrow) => route(arrow, byId, arrows, size))
  return { width: size.width, height: size.height, nodes, edges }
}

/** The ids in each row: breadth first from CLOSED. */
function rowsOf(table: readonly Transition[]): string[][] {
  const rows: string[][] = [[START]]
  const seen = new Set<string>([START])
  for (let row = rows[0]!; row.length > 0;) {
    const next = table.filter(({ from, to }) => row.includes(from) && !seen.has(to)).map(({ to }) => to)
    row = [...new Set(next)]
    for (const id of row) seen.add(id)
    rows.push(row.length > 0 ? row : [END_ID])
  }
  return rows
}

function arrowsOf(table: readonly Transition[]): Arrow[] {
  // A state whose arrows all lead to CLOSED ends the normal course; from others CLOSED is an exit.
  const last = (state: StateName): boolean => table.every(({ from, to }) => from !== state || to === START)
  const arrows = new Map<string, Arrow>()
  for (const transition of table) {
    const { from } = transition
    const to = transition.to === START ? END_ID : transition.to
    const key = `${from} → ${to}`
    const arrow = arrows.get(key) ?? { from, to, transitions: [], exit: to === END_ID && !last(from) }
    arrow.transitions.push(transition)
    arrows.set(key, arrow)
  }
  return [...arrows.values()]
}

function neighbours(id: string, arrows: readonly Arrow[]): string[] {
  return arrows.flatMap(({ from, to, exit }) => exit || from === to ? [] : from === id ? [to] : to === id ? [from] : [])
}

/** Sorts each row by the mean place of the neighbours in the rows beside it, a few times up and down. */
function orderRows(rows: readonly string[][], arrows: readonly Arrow[]): string[][] {
  const order = rows.map((row) => [...row])
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let r = 0; r < order.length; r++) {
      const row = order[sweep % 2 === 0 ? r : order.length - 1 - r]!
      const place = new Map(order.flatMap((ids) => ids.map((id, i) => [id, (i + 0.5) / ids.length] as const)))
      const mean = new Map(row.map((id, i) => {
        const others = neighbours(id, arrows).filter((other) => !row.includes(other))
        const sum = others.reduce((total, other) => total + place.get(other)!, 0)
        // What stands first in the table stays first when nothing speaks against it.
        return [id, (others.length === 0 ? (i + 0.5) / row.length : sum / others.length) + i * 1e-6] as const
      }))
      row.sort((a, b) => mean.get(a)! - mean.get(b)!)
    }
  }
  return order
}

/** Rows one below the other, the states of a row evenly spread: symmetric, as in figure 5 of RFC 9293. */
function placeNodes(order: readonly string[][], { width, height, nodeWidth, nodeHeight }: DiagramSize): DiagramNode[] {
  const step = (height - nodeHeight) / Math.max(1, order.length - 1)
  return order.flatMap((row, r) => row.map((id, i) => ({
    id,
    state: id === END_ID ? START : id as StateName,
    row: r,
    x: Math.round(MARGIN + ((i + 0.5) / row.length) * (width - 2 * MARGIN)),
    y: Math.round(nodeHeight / 2 + r * step),
    width: nodeWidth,
    height: nodeHeight,
  })))
}

interface Point {
  readonly x: number
  readonly y: number
}

function route(arrow: Arrow, nodes: ReadonlyMap<string, DiagramNode>, arrows: readonly Arrow[], size: DiagramSize): DiagramEdge {
  const from = nodes.get(arrow.from)!
  const to = nodes.get(arrow.to)!
  const drawn = arrow.exit ? exitPath(from, to, nodes, size)
    : from.row === to.row ? besidePath(from, to)
      : downPath(from, to, nodes, arrows)
  return {
    id: `${arrow.from} → ${arrow.to}`,
    from: arrow.from,
    to: arrow.to,
    transitions: arrow.transitions,
    exit: arrow.exit,
    path: drawn.path,
    labelX: Math.round(drawn.label.x),
    labelY: Math.round(drawn.label.y),
  }
}

interface Drawn {
  readonly path: string
  readonly label: Point
}

/** Straight from side to side. */
function besidePath(from: DiagramNode, to: DiagramNode): Drawn {
  const direction = Math.sign(to.x - from.x)
  const start = from.x + direction * from.width / 2
  const end = to.x - direction * to.width / 2
  return { path: `M${start} ${from.y}H${end}`, label: { x: (start + end) / 2, y: from.y - 7 } }
}

/** From the bottom of one to the top of the other, each arrow from a place of its own. */
function downPath(from: DiagramNode, to: DiagramNode, nodes: ReadonlyMap<string, DiagramNode>, arrows: readonly Arrow[]): Drawn {
  const start = { x: port(from, to, nodes, arrows, 'from'), y: from.y + from.height / 2 }
  const end = { x: port(to, from, nodes, arrows, 'to'), y: to.y - to.height / 2 }
  const bend = (end.y - start.y) * 0.5
  const path = Math.abs(start.x - end.x) < 1
    ? `M${start.x} ${start.y}V${end.y}`
    : `M${start.x} ${start.y}C${start.x} ${start.y + bend} ${end.x} ${end.y - bend} ${end.x} ${end.y}`
  // In the gap below its own row, where no other state is; half way when there is only that gap.
  const t = 0.5 / (to.row - from.row)
  const mean = (p0: number, p1: number, p2: number, p3: number): number =>
    (1 - t) ** 3 * p0 + 3 * (1 - t) ** 2 * t * p1 + 3 * (1 - t) * t ** 2 * p2 + t ** 3 * p3
  return { path, label: { x: mean(start.x, start.x, end.x, end.x), y: mean(start.y, start.y + bend, end.y - bend, end.y) } }
}

/** Where an arrow touches a node: they share its width in the order of where they come from or go to. */
function port(
  node: DiagramNode, other: DiagramNode, nodes: ReadonlyMap<string, DiagramNode>, arrows: readonly Arrow[], end: 'from' | 'to',
): number {
  const opposite = end === 'from' ? 'to' : 'from'
  const others = arrows
    .filter((arrow) => !arrow.exit && arrow[end] === node.id)
    .map((arrow) => nodes.get(arrow[opposite])!)
    .filter(({ row }) => row !== node.row)
    .sort((a, b) => a.x - b.x || a.row - b.row)
  const share = (others.indexOf(other) + 1) / (others.length + 1)
  return Math.round(node.x + (share - 0.5) * node.width * 0.8)
}

/** Out at the side, along the nearer edge of the diagram, and into CLOSED from that side. */
function exitPath(from: DiagramNode, to: DiagramNode, nodes: ReadonlyMap<string, DiagramNode>, { width }: DiagramSize): Drawn {
  const side = from.x < width / 2 ? -1 : 1
  const rail = side < 0 ? RAIL : width - RAIL
  const end = to.x + side * to.width / 2
  const outwards = `q${side * RADIUS} 0 ${side * RADIUS} ${RADIUS}`
  const inwards = `q0 ${RADIUS} ${-side * RADIUS} ${RADIUS}`
  const home = `H${rail - side * RADIUS}${outwards}V${to.y - RADIUS}${inwards}H${end}`
  const inTheWay = [...nodes.values()].some((node) => node.row === from.row && Math.sign(node.x - from.x) === side)
  const label = { x: rail, y: (from.y + to.y) / 2 }
  if (!inTheWay) return { path: `M${from.x + side * from.width / 2} ${from.y}${home}`, label }
  // Another state of the row is in between: below it.
  const bottom = from.y + from.height / 2
  const start = from.x + side * from.width * 0.4
  return { path: `M${start} ${bottom}V${bottom + LANE - RADIUS}q0 ${RADIUS} ${side * RADIUS} ${RADIUS}${home}`, label }
}

const RADIUS = 5
/** How far below a row its lane for arrows runs. */
const LANE = 8
