import type { Accounting, NetstatRow, Stack } from '@layerfour/socket'

/** What a running host tells about itself: `/stats`, `l4 netstat --json`. Times in ms, sizes in bytes. */
export interface HostStats {
  /** Of the TUN or TAP interface. */
  readonly name: string
  /** With prefix lengths. */
  readonly addresses: readonly string[]
  readonly mtu: number
  readonly uptime: number
  readonly traffic: { readonly packetsIn: number, readonly bytesIn: number, readonly packetsOut: number, readonly bytesOut: number }
  /** Packets dropped, by `DropReason`. */
  readonly drops: Readonly<Record<string, number>>
  readonly accounting: Accounting
  readonly sockets: readonly NetstatRow[]
}

export interface HostDescription {
  readonly name: string
  readonly addresses: readonly string[]
  readonly mtu: number
  /** Of the stack. */
  readonly interfaceIndex: number
}

export function collectStats(stack: Stack, { name, addresses, mtu, interfaceIndex }: HostDescription, startedAt: number): HostStats {
  const { packetsIn, bytesIn, packetsOut, bytesOut } = stack.internet.interfaces[interfaceIndex]!.traffic
  return {
    name,
    addresses,
    mtu,
    uptime: Math.round(stack.now() - startedAt),
    traffic: { packetsIn, bytesIn, packetsOut, bytesOut },
    drops: stack.drops(),
    accounting: stack.accounting(),
    sockets: stack.netstat(),
  }
}
