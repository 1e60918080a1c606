import { ipAddressEquals, isIpv4, isUnspecified } from '@layerfour/wire'
import type { IpAddress } from '@layerfour/wire'
import type { TcpListener } from './listener.ts'

/** Listeners by port, the most specific address first. Its keys are ports of ours, never a peer's choice. */
export class ListenerTable {
  private readonly byPort = new Map<number, TcpListener[]>()

  /** False when that address and port has one already. */
  add(listener: TcpListener): boolean {
    const same = this.byPort.get(listener.port) ?? []
    if (same.some((other) => ipAddressEquals(other.address, listener.address))) return false
    same.push(listener)
    same.sort((a, b) => rank(a.address) - rank(b.address))
    this.byPort.set(listener.port, same)
    return true
  }

  remove(listener: TcpListener): void {
    const rest = this.byPort.get(listener.port)?.filter((other) => other !== listener) ?? []
    if (rest.length > 0) this.byPort.set(listener.port, rest)
    else this.byPort.delete(listener.port)
  }

  /** The listener for a destination of ours: its very address before 0.0.0.0, and that before ::. */
  find(address: IpAddress, port: number): TcpListener | undefined {
    const listeners = this.byPort.get(port)
    if (listeners === undefined) return undefined
    for (let index = 0; index < listeners.length; index++) {
      const listener = listeners[index]!
      if (takes(listener.address, address)) return listener
    }
    return undefined
  }

  forEach(visit: (listener: TcpListener) => void): void {
    for (const listeners of this.byPort.values()) listeners.forEach(visit)
  }
}

function takes(own: IpAddress, destination: IpAddress): boolean {
  if (!isUnspecified(own)) return ipAddressEquals(own, destination)
  return !isIpv4(own) || isIpv4(destination)
}

function rank(address: IpAddress): number {
  if (!isUnspecified(address)) return 0
  return isIpv4(address) ? 1 : 2
}
