import type { Listener, Observer } from '@layerfour/socket'
import { runRealTime, Stack, tcp, udp } from '@layerfour/socket'
import type { TunMode } from '@layerfour/tun'
import { openTun } from '@layerfour/tun'
import { httpService } from './http/server.ts'
import { routes } from './routes.ts'
import { serve } from './serve.ts'
import type { HostStats } from './stats.ts'
import { collectStats } from './stats.ts'
import type { TcpService } from './tcp-services.ts'
import { chargen, daytime, discard, echo } from './tcp-services.ts'
import { udpEcho } from './udp-echo.ts'

export interface HostOptions {
  /** Of the interface in the kernel. */
  readonly name: string
  readonly mode: TunMode
  readonly mtu: number | undefined
  /** Ours, with prefix lengths. */
  readonly addresses: readonly string[]
  /** The kernel's on its side of the interface, with prefix lengths. */
  readonly kernelAddresses: readonly string[]
  /** Next hops for what is not on-link, one a family at most. */
  readonly gateways: readonly string[]
  readonly observer?: Observer
  /** Takes faults that break one connection or callback only. */
  readonly report: (error: unknown) => void
}

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

/** A host on a TUN or TAP interface, driven in real time. Throws `TunError` when the system does not allow it. */
export function runHost(options: HostOptions): RunningHost {
  const { name, mode, mtu, addresses, kernelAddresses, gateways, observer, report } = options
  const device = openTun({ name, mode, kernelAddresses, ...(mtu === undefined ? {} : { mtu }) })
  try {
    const stack = new Stack({
      protocols: [tcp({ keepAlive: true }), udp()], onError: report, ...(observer === undefined ? {} : { observer }),
    })
    const startedAt = stack.now()
    const { index } = stack.addInterface(device, { addresses, gateway: gateways })
    const description = { name: device.name, addresses, mtu: device.mtu, interfaceIndex: index }
    const stats = (): HostStats => collectStats(stack, description, startedAt)
    const listeners = startServices(stack, stats, report)
    const driver = runRealTime(stack)
    return {
      name: device.name,
      mtu: device.mtu,
      stats,
      closed: device.closed,
      async close() {
        for (const listener of listeners) listener.close()
        stack.close()
        driver.stop()
        device.close()
        await device.closed
      },
    }
  } catch (error) {
    device.close()
    throw error
  }
}

function startServices(stack: Stack, stats: () => HostStats, report: (error: unknown) => void): Listener[] {
  const services: readonly (readonly [port: number, service: TcpService])[] = [
    [7, echo], [9, discard], [13, daytime], [19, chargen], [80, httpService(routes(stats))],
  ]
  const listeners = services.map(([port, service]) => {
    const listener = stack.listen({ port })
    serve(listener, service, report).catch(report)
    return listener
  })
  udpEcho(stack.datagram({ port: 7 }), report).catch(report)
  return listeners
}
