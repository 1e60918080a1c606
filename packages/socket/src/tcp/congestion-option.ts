import type { CongestionControl } from '@layerfour/flow'
import type { TcpCore } from '@layerfour/tcp'
import { Errno } from '@layerfour/wire'
import type { SocketParts } from './socket-parts.ts'
import { changeOptions } from './tcp-socket-options.ts'

/** `getsockopt` TCP_CONGESTION: the name of what the connection uses, or will use. */
export function congestionControlName({ connection, options }: SocketParts, tcp: TcpCore): string {
  return (connection?.congestionControl ?? options.congestionControl ?? tcp.congestionControl).name
}

/** `setsockopt` TCP_CONGESTION: 0, or `ENOENT` for a name that nothing answers to. @throws TypeError for an object that is no algorithm. */
export function setCongestionControl(parts: SocketParts, tcp: TcpCore, value: string | CongestionControl): number {
  const control = typeof value === 'string' ? tcp.findCongestionControl(value) : value
  if (control === undefined) return Errno.ENOENT
  tcp.addCongestionControl(control)
  changeOptions(parts, { congestionControl: control })
  parts.connection?.setCongestionControl(control)
  return 0
}

/** For the facades: the algorithm that is meant. @throws RangeError for a name that nothing answers to; TypeError for another object. */
export function findCongestionControl(tcp: TcpCore, value: string | CongestionControl | undefined): CongestionControl | undefined {
  if (typeof value === 'string') {
    const control = tcp.findCongestionControl(value)
    if (control !== undefined) return control
    throw new RangeError(`congestionControl is '${value}', expected an object, or a name that this stack knows: ${knownNames(tcp)}`)
  }
  if (value !== undefined) tcp.addCongestionControl(value)
  return value
}

/** Of a snapshot. @throws TypeError when the stack does not know it. */
export function restoredCongestionControl(tcp: TcpCore, name: string): CongestionControl {
  const control = tcp.findCongestionControl(name)
  if (control !== undefined) return control
  throw new TypeError(
    `the snapshot's congestion control is ${name}, this stack knows ${knownNames(tcp)}; expected it among tcp({ congestionControls })`,
  )
}

function knownNames({ context }: TcpCore): string {
  return context.controls.map(({ name }) => name).join(', ')
}
