import type { PairOptions } from '@layerfour/link'
import { pair } from '@layerfour/link'
import type { EmulatedLinkOptions } from '@layerfour/sim'
import { EmulatedLink, Simulation } from '@layerfour/sim'
import type { StackOptions, TcpSettings } from '../../src/index.ts'
import { runVirtual, Stack, tcp, udp, VirtualTimers } from '../../src/index.ts'

export interface HostsOptions {
  /** An emulated link with these impairments; without it a synchronous pair. */
  readonly link?: EmulatedLinkOptions
  readonly pair?: PairOptions
  readonly tcp?: TcpSettings
  readonly client?: Partial<StackOptions>
  readonly server?: Partial<StackOptions>
  /** Virtual ms that no run may exceed. */
  readonly limit?: number
}

/** Two hosts, 10.0.0.1 and 10.0.0.2, fd00::1 and fd00::2, joined by one link, in virtual time. */
export class Hosts {
  readonly simulation = new Simulation()
  readonly timers = new VirtualTimers(() => this.simulation.now)
  readonly client: Stack
  readonly server: Stack
  readonly link: EmulatedLink | undefined
  readonly #limit: number

  constructor(options: HostsOptions = {}) {
    const clock = (): number => this.simulation.now
    const host = (n: number, more: Partial<StackOptions> | undefined): Stack => new Stack({
      protocols: [tcp(options.tcp), udp()], clock, secret: Int32Array.of(n, 22, 333, 4444), memory: 1 << 23, ...more,
    })
    this.client = host(1, options.client)
    this.server = host(2, options.server)
    this.#limit = options.limit ?? 24 * 3600 * 1000
    this.link = options.link === undefined ? undefined : new EmulatedLink({ memory: 1 << 22, ...options.link })
    const [a, b] = this.link === undefined ? pair(options.pair) : [this.link.a, this.link.b]
    this.client.addInterface(a, { addresses: ['10.0.0.1/24', 'fd00::1/64'] })
    this.server.addInterface(b, { addresses: ['10.0.0.2/24', 'fd00::2/64'] })
    this.simulation.add(this.client, 'client')
    this.simulation.add(this.server, 'server')
    if (this.link !== undefined) this.simulation.add(this.link, 'link')
    this.simulation.add(this.timers, 'timers')
  }

  get now(): number {
    return this.simulation.now
  }

  sleep(ms: number): Promise<void> {
    return this.timers.sleep(ms)
  }

  /** Runs virtual time until the work is done. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return runVirtual(this.simulation, [this.client, this.server, this.timers], { until: work(), limit: this.#limit, patience: 100 })
  }

  /** Runs virtual time until nothing will ever happen again. */
  async drain(): Promise<void> {
    await runVirtual(this.simulation, [this.client, this.server, this.timers], { limit: this.#limit })
  }
}

/** `length` bytes that differ from place to place and from seed to seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let x = (seed * 2_654_435_761) | 0 || 1
  for (let i = 0; i < length; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    bytes[i] = x
  }
  return bytes
}

/** FNV-1a over a stream, chunk by chunk: every byte and its place count. */
export class StreamHash {
  length = 0
  #hash = 0x811c9dc5

  update(bytes: Uint8Array): this {
    let hash = this.#hash
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    this.#hash = hash
    this.length += bytes.length
    return this
  }

  get digest(): string {
    return `${this.length}:${(this.#hash >>> 0).toString(16)}`
  }
}

export function digest(bytes: Uint8Array): string {
  return new StreamHash().update(bytes).digest
}
