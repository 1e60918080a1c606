import { EmulatedLink, Simulation } from '@layerfour/sim'
import { runVirtual, Stack, tcp, udp, VirtualTimers } from '@layerfour/socket'
import { congestionControls } from '../src/congestion.ts'
import { serve } from '../src/host/serve.ts'
import type { TcpService } from '../src/host/tcp-services.ts'

/** A client and a server in virtual time, 10 ms apart. */
export class Hosts {
  readonly simulation = new Simulation()
  readonly client: Stack
  readonly server: Stack
  /** What services reported as their own faults. */
  readonly faults: unknown[] = []
  private timers: VirtualTimers | undefined

  constructor() {
    const link = new EmulatedLink({ rate: 100e6, delay: 5 })
    const host = (device: typeof link.a, address: string, seed: number): Stack => {
      const stack = new Stack({
        protocols: [tcp({ congestionControls }), udp()], clock: () => this.simulation.now, secret: Int32Array.of(seed, 2, 3, 4),
      })
      stack.addInterface(device, { addresses: [address] })
      return this.simulation.add(stack)
    }
    this.client = host(link.a, '10.0.0.1/24', 1)
    this.server = host(link.b, '10.0.0.2/24', 2)
    this.simulation.add(link)
  }

  start(port: number, service: TcpService): void {
    void serve(this.server.listen({ port }), service, (error) => this.faults.push(error))
  }

  /** Virtual time to wait in. */
  addTimers(): VirtualTimers {
    this.timers = this.simulation.add(new VirtualTimers(() => this.simulation.now))
    return this.timers
  }

  run<T>(work: Promise<T>): Promise<T> {
    const parts = [this.client, this.server, ...(this.timers === undefined ? [] : [this.timers])]
    return runVirtual(this.simulation, parts, { until: work })
  }

  /** Connects, sends `text`, ends its direction if `end` says so, and reads meanwhile until the server ends. */
  async talk(port: number, text: string, { end = true } = {}): Promise<string> {
    const connection = await this.client.connect({ hostname: '10.0.0.2', port })
    const send = async (): Promise<void> => {
      await connection.write(new TextEncoder().encode(text))
      if (end) await connection.closeWrite()
    }
    const [answer] = await Promise.all([readAll((into) => connection.read(into)), send()])
    await connection.close()
    return new TextDecoder().decode(answer)
  }
}

export async function readAll(read: (into: Uint8Array) => Promise<number | null>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const buffer = new Uint8Array(65_536)
  for (let count = await read(buffer); count !== null; count = await read(buffer)) parts.push(buffer.slice(0, count))
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
