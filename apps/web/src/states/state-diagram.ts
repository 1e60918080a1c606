import type { StateName, Transition } from '@layerfour/tcp'
import type { Side, StateChange } from '../transfer/recording.ts'
import { sideNames, sides } from '../transfer/recording.ts'
import { arrowLabel, causeText } from './cause-text.ts'
import type { Diagram, DiagramEdge } from './state-diagram-layout.ts'
import { END_ID, layoutStateDiagram } from './state-diagram-layout.ts'
import { element, svg } from '../dom.ts'

/** One host's place on the diagram. */
export interface Place {
  readonly state: StateName
  /** The arrow it came by; undefined while it has not moved. */
  readonly last: StateChange | undefined
}

const NODE_WIDTH = 94
const NODE_HEIGHT = 20
const MARKER = 7.5
const sideClasses = ['a', 'b'] as const

/** The state diagram, drawn from the table of transitions, with both hosts' places on it. */
export class StateDiagram {
  readonly #table: readonly Transition[]
  readonly #holder: HTMLElement
  readonly #caption: readonly [HTMLElement, HTMLElement]
  #diagram: Diagram | undefined
  #nodes = new Map<string, SVGGElement>()
  #edges = new Map<string, SVGGElement>()
  #markers: readonly SVGGElement[] = []
  #places: readonly [Place, Place] | undefined
  #shown = ''

  constructor(table: readonly Transition[], holder: HTMLElement, captions: HTMLElement) {
    this.#table = table
    this.#holder = holder
    const caption = (side: Side): HTMLElement => element('p', { className: `arrow-caption ${sideClasses[side]}` })
    this.#caption = [caption(0), caption(1)]
    captions.append(...this.#caption)
    new ResizeObserver(() => this.#draw()).observe(holder)
    this.#draw()
  }

  show(places: readonly [Place, Place]): void {
    const key = places.map(({ state, last }) => `${state} ${last?.time}`).join()
    if (key === this.#shown) return
    this.#shown = key
    this.#places = places
    this.#mark()
  }

  #draw(): void {
    const { clientWidth, clientHeight } = this.#holder
    if (clientWidth < 100 || clientHeight < 100) return
    const diagram = layoutStateDiagram(this.#table, {
      width: clientWidth, height: clientHeight - 2 * MARKER, nodeWidth: NODE_WIDTH, nodeHeight: NODE_HEIGHT,
    })
    const root = svg('svg', {
      viewBox: `0 ${-MARKER} ${clientWidth} ${clientHeight}`, width: clientWidth, height: clientHeight, role: 'img',
    })
    root.append(svg('title', {}, 'TCP state diagram'), ...arrowHeads())
    const edges = svg('g', { class: 'edges' })
    const labels = svg('g', { class: 'labels' })
    for (const edge of diagram.edges) {
      const group = svg('g', { class: edge.exit ? 'edge exit' : 'edge' })
      group.append(svg('path', { d: edge.path }), svg('title', {}, edgeTitle(edge)))
      this.#edges.set(edge.id, group)
      edges.append(group)
      if (!edge.exit) labels.append(edgeLabel(edge))
    }
    const end = diagram.nodes.find(({ id }) => id === END_ID)!
    labels.append(svg('text', { class: 'rail-label', x: 14, y: end.y - 6 }, 'reset, abort, timeout'))
    const nodes = svg('g', { class: 'nodes' })
    for (const { id, state, x, y, width, height } of diagram.nodes) {
      const group = svg('g', { class: 'node', transform: `translate(${x} ${y})` })
      const box = { x: -width / 2, y: -height / 2, width, height, rx: 5 }
      group.append(svg('rect', { ...box, class: 'base' }), svg('rect', { ...box, class: 'tint' }), svg('text', { y: 4 }, state))
      this.#nodes.set(id, group)
      nodes.append(group)
    }
    this.#markers = sides.map((side) => {
      const marker = svg('g', { class: `marker ${sideClasses[side]}` })
      marker.append(svg('circle', { r: MARKER }), svg('text', { y: 3.5 }, sideNames[side]))
      return marker
    })
    root.append(edges, labels, nodes, ...this.#markers)
    this.#holder.replaceChildren(root)
    this.#diagram = diagram
    this.#mark()
  }

  #mark(): void {
    if (this.#diagram === undefined || this.#places === undefined) return
    for (const group of this.#nodes.values()) group.classList.remove('in-a', 'in-b')
    for (const group of this.#edges.values()) group.classList.remove('last-a', 'last-b')
    for (const label of this.#holder.querySelectorAll('.label')) label.classList.remove('last-a', 'last-b')
    for (const side of sides) this.#markSide(side, this.#places[side])
    // What is highlighted lies on top of what is not.
    for (const group of this.#edges.values()) {
      if (group.classList.contains('last-a') || group.classList.contains('last-b')) group.parentNode?.append(group)
    }
  }

  #markSide(side: Side, { state, last }: Place): void {
    const name = sideClasses[side]
    const id = state === 'CLOSED' && last !== undefined ? END_ID : state
    const node = this.#diagram!.nodes.find((candidate) => candidate.id === id)!
    this.#nodes.get(id)!.classList.add(`in-${name}`)
    const x = node.x + (side === 0 ? -1 : 1) * (node.width / 2 - 3)
    this.#markers[side]!.style.transform = `translate(${x}px, ${node.y - node.height / 2}px)`
    const caption = this.#caption[side]
    if (last === undefined) {
      caption.textContent = `${sideNames[side]} has not begun.`
      return
    }
    const edge = this.#diagram!.edges.find(({ transitions }) => transitions.some(({ from, to, cause }) =>
      from === last.from && to === last.to && cause === last.cause))
    if (edge !== undefined) {
      this.#edges.get(edge.id)!.classList.add(`last-${name}`)
      this.#holder.querySelector(`[data-edge="${edge.id}"]`)?.classList.add(`last-${name}`)
    }
    const transition = edge?.transitions.find(({ cause }) => cause === last.cause)
    caption.replaceChildren(
      element('b', { textContent: `${sideNames[side]} ` }),
      `${causeText(last.cause)}${transition?.sends ? `, sends ${transition.sends}` : ''}`,
      element('span', { className: 'source', textContent: transition === undefined ? '' : `  RFC 9293 §${transition.section}` }),
    )
  }
}

function edgeLabel(edge: DiagramEdge): SVGElement {
  const regular = edge.transitions[0]!
  const label = svg('text', { class: 'label', x: edge.labelX, y: edge.labelY + 3.5, 'data-edge': edge.id }, arrowLabel(regular))
  return label
}

function edgeTitle({ from, to, transitions }: DiagramEdge): string {
  const lines = transitions.map((transition) => `${arrowLabel(transition)} (RFC 9293 §${transition.section})`)
  return [`${from} → ${to.replace(END_ID, 'CLOSED')}`, ...lines].join('\n')
}

function arrowHeads(): SVGElement[] {
  return ['plain', 'a', 'b'].map((name) => {
    const marker = svg('marker', {
      id: `head-${name}`, class: `head ${name}`, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7,
      orient: 'auto', markerUnits: 'userSpaceOnUse',
    })
    marker.append(svg('path', { d: 'M0 0.8 7.4 4 0 7.2z' }))
    return marker
  })
}
