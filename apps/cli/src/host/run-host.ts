import type { Listener, Stack } from '@layerfour/socket'
import { realClock } from '../iperf3/clock.ts'
import { serveIperf3 } from '../iperf3/server.ts'
import { httpService } from './http/server.ts'
import type { StackInterfaceOptions } from './open-stack.ts'
import { openStack } from './open-stack.ts'
import { routes } from './routes.ts'
import { serve } from './serve.ts'
import type { HostStats } from './stats.ts'
import { collectStats } from './stats.ts'
import type { TcpService } from './tcp-services.ts'
import { chargen, daytime, discard, echo } from './tcp-services.ts'
import { udpEcho } from './udp-echo.ts'

export interface RunningHost {
  /** The interface, as the kernel calls it. */
  readonly name: string
  readonly mtu: number
  stats(): HostStats
  /** Settles when the interface is gone: with the error when somebody took it away. */
  readonly closed: Promise<Error | undefined>
  /** Resets connections, stops everything and lets go of the interface. */
  close(): Promise<void>
}

/** A host with its services on a TUN or TAP interface, driven in real time. Throws `TunError` when the system does not allow it. */
export function runHost(options: StackInterfaceOptions): RunningHost {
  const { addresses, report } = options
  const open = openStack(options)
  const { stack, name, mtu, interfaceIndex, closed } = open
  const startedAt = stack.now()
  const stats = (): HostStats => collectStats(stack, { name, addresses, mtu, interfaceIndex }, startedAt)
  try {
    const services = startServices(stack, stats, report)
    return {
      name,
      mtu,
      stats,
      closed,
      async close() {
        for (const service of services) service.close()
        await open.close()
      },
    }
  } catch (error) {
    void open.close()
    throw error
  }
}

function startServices(stack: Stack, stats: () => HostStats, report: (error: unknown) => void): { close(): void }[] {
  const services: readonly (readonly [port: number, service: TcpService])[] = [
    [7, echo], [9, discard], [13, daytime], [19, chargen], [80, httpService(routes(stats))],
  ]
  const listeners = services.map(([port, service]): Listener => {
    const listener = stack.listen({ port })
    serve(listener, service, report).catch(report)
    return listener
  })
  udpEcho(stack.datagram({ port: 7 }), report).catch(report)
  return [...listeners, serveIperf3(stack, realClock(stack), report)]
}
