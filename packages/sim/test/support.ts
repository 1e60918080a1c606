import type { Device } from '@layerfour/link'
import type { EmulatedLinkOptions, LinkEvent, LinkObserver } from '../src/index.ts'
import { EmulatedLink, Simulation } from '../src/index.ts'

export function packetOf(length: number, fill = 0): Uint8Array {
  return new Uint8Array(length).fill(fill)
}

export function send(device: Device, packet: Uint8Array): boolean {
  return device.transmit(packet, 0, packet.length)
}

/** A packet as it arrived. */
export interface Arrival {
  readonly time: number
  readonly first: number
  readonly length: number
}

/** A simulation with one link, and what arrives at its ends. */
export function network(options: EmulatedLinkOptions = {}) {
  const simulation = new Simulation()
  const link = simulation.add(new EmulatedLink(options))
  const inbox = (device: Device): Arrival[] => {
    const arrivals: Arrival[] = []
    device.attach((bytes, start, end) => {
      arrivals.push({ time: simulation.now, first: bytes[start]!, length: end - start })
    })
    return arrivals
  }
  return { simulation, link, atA: inbox(link.a), atB: inbox(link.b) }
}

/** Sends one packet at each of the given virtual times, which rise. */
export function sendAt(simulation: Simulation, times: readonly number[], device: Device, packet: (n: number) => Uint8Array): void {
  let n = 0
  simulation.add({
    get deadline() {
      return times[n] ?? Infinity
    },
    poll() {
      send(device, packet(n))
      n++
      return this.deadline
    },
  })
}

/** An observer that writes every event down as a line. */
export function journal(): { readonly lines: string[], readonly observer: LinkObserver } {
  const lines: string[] = []
  const write = (what: string) => (event: LinkEvent): void => {
    const marks = [event.duplicate && 'duplicate', event.corrupted && 'corrupted', event.reordered && 'reordered', event.cause]
    lines.push([
      event.time, what, event.direction, event.packet, `${event.end - event.start}B`, `${event.transmittedAt}-${event.departedAt}`,
      ...marks.filter(Boolean),
    ].join(' '))
  }
  return { lines, observer: { transmitted: write('sent'), dropped: write('dropped'), delivered: write('delivered') } }
}
