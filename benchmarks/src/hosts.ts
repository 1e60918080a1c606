import type { DeviceOptions } from '@layerfour/link'
import { pair } from '@layerfour/link'
import type { KernelChoice, TcpSettings } from '@layerfour/socket'
import { runRealTime, Stack, tcp, udp } from '@layerfour/socket'

export interface HostsOptions extends DeviceOptions {
  readonly tcp?: TcpSettings
  /** `auto` by default. */
  readonly kernels?: KernelChoice
  /** Of each stack, in bytes: 16 MiB by default. */
  readonly memory?: number
}

export const CLIENT_ADDRESS = '10.0.0.1'
export const SERVER_ADDRESS = '10.0.0.2'

/** Two stacks back to back in this process. */
export interface Hosts {
  readonly client: Stack
  readonly server: Stack
  /** Packets that crossed the link so far, in both directions. */
  packets(): number
}

export function joinedHosts(options: HostsOptions = {}): Hosts {
  const [a, b] = pair(options)
  const host = (device: typeof a, address: string): Stack => {
    const stack = new Stack({
      protocols: [tcp(options.tcp), udp()],
      kernels: options.kernels ?? 'auto',
      ...(options.memory === undefined ? {} : { memory: options.memory }),
    })
    stack.addInterface(device, { addresses: [`${address}/24`] })
    return stack
  }
  return {
    client: host(a, CLIENT_ADDRESS),
    server: host(b, SERVER_ADDRESS),
    packets: () => a.counters.packetsOut + b.counters.packetsOut,
  }
}

export interface DrivenHosts extends Hosts {
  /** Nothing moves any more; sockets are not told. */
  readonly close: () => void
}

/** The same, driven by the host's clock, as an application would have them. */
export function drivenHosts(options: HostsOptions = {}): DrivenHosts {
  const hosts = joinedHosts(options)
  const drivers = [hosts.client, hosts.server].map((stack) => runRealTime(stack))
  return {
    ...hosts,
    close: () => {
      for (const driver of drivers) driver.stop()
    },
  }
}
