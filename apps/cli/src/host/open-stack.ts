import type { CongestionControl } from '@layerfour/flow'
import type { Observer } from '@layerfour/socket'
import { runRealTime, Stack, tcp, udp } from '@layerfour/socket'
import type { TunMode } from '@layerfour/tun'
import { openTun } from '@layerfour/tun'
import { congestionControls } from '../congestion.ts'

export interface StackInterfaceOptions {
  /** Of the interface in the kernel. */
  readonly name: string
  readonly mode: TunMode
  readonly mtu: number | undefined
  /** Let the kernel cut segments of up to 64 KiB and complete checksums, both ways. */
  readonly offload: boolean
  /** Ours, with prefix lengths. */
  readonly addresses: readonly string[]
  /** The kernel's on its side of the interface, with prefix lengths. */
  readonly kernelAddresses: readonly string[]
  /** Next hops for what is not on-link, one a family at most. */
  readonly gateways: readonly string[]
  /** Of all connections, unless they say otherwise. */
  readonly congestionControl: CongestionControl
  readonly observer?: Observer
  /** Takes faults that break one connection or callback only. */
  readonly report: (error: unknown) => void
}

export interface OpenStack {
  readonly stack: Stack
  /** The interface, as the kernel calls it. */
  readonly name: string
  readonly mtu: number
  /** Of the stack. */
  readonly interfaceIndex: number
  /** Settles when the interface is gone: with the error when somebody took it away. */
  readonly closed: Promise<Error | undefined>
  /** Resets connections, stops everything and lets go of the interface. */
  close(): Promise<void>
}

/** A stack on a TUN or TAP interface, driven in real time. Throws `TunError` when the system does not allow it. */
export function openStack(options: StackInterfaceOptions): OpenStack {
  const { name, mode, mtu, offload, addresses, kernelAddresses, gateways, congestionControl, observer, report } = options
  const others = congestionControls.filter(({ name }) => name !== congestionControl.name)
  const device = openTun({ name, mode, offload, kernelAddresses, ...(mtu === undefined ? {} : { mtu }) })
  try {
    const stack = new Stack({
      protocols: [tcp({ keepAlive: true, congestionControl, congestionControls: others }), udp()],
      onError: report, ...(observer === undefined ? {} : { observer }),
    })
    const { index } = stack.addInterface(device, { addresses, gateway: gateways })
    const driver = runRealTime(stack)
    return {
      stack,
      name: device.name,
      mtu: device.mtu,
      interfaceIndex: index,
      closed: device.closed,
      async close() {
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
