import type { IpPrefix } from '@layerfour/wire'
import {
  formatIpAddress, formatPrefix, ipAddressEquals, isDirectedBroadcast, isIpv4, isLimitedBroadcast, isLoopback, isMulticast, isUnspecified,
  parseIpAddress,
} from '@layerfour/wire'
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'

/** What `l4 host` was asked for, as far as it can be judged without looking at the system. */
export interface HostArguments {
  readonly name: string
  readonly tap: boolean
  /** Undefined: the interface's own. */
  readonly mtu: number | undefined
  readonly addresses: readonly IpPrefix[]
  /** The kernel's. */
  readonly kernelAddresses: readonly IpPrefix[]
  readonly gateways: readonly string[]
}

/** Linux: IFNAMSIZ without the zero at the end. */
const LONGEST_NAME = 15
/** RFC 8200 §5. */
const LEAST_MTU_IPV6 = 1280

/** Throws a usage error for the first argument that no interface could satisfy, so that none is opened in vain. */
export function checkHostArguments({ name, tap, mtu, addresses, kernelAddresses, gateways }: HostArguments): void {
  checkName(name)
  addresses.forEach((prefix, i) => {
    checkHostAddress('--address', prefix)
    const same = ({ address }: IpPrefix): boolean => ipAddressEquals(address, prefix.address)
    if (addresses.slice(0, i).some(same)) refuse(`--address has ${formatIpAddress(prefix.address)} twice`)
    if (kernelAddresses.some(same)) {
      refuse(`--kernel-address and --address are both ${formatIpAddress(prefix.address)}, expected two addresses`)
    }
    if (isIpv4(prefix.address)) return
    if (tap) refuse(`--address is ${formatPrefix(prefix)}, expected IPv4: IPv6 does not run over --tap yet, only without it`)
    if (mtu !== undefined && mtu < LEAST_MTU_IPV6) refuse(`--mtu is ${mtu}, expected at least ${LEAST_MTU_IPV6} for IPv6 (RFC 8200 §5)`)
  })
  for (const prefix of kernelAddresses) checkHostAddress('--kernel-address', prefix)
  for (const gateway of gateways) checkGateway(gateway, addresses)
}

/** The kernel's own rules (dev_valid_name), and of formats only one %d, which the kernel replaces by a number. */
function checkName(name: string): void {
  const valid = name.length <= LONGEST_NAME && /^[\x21-\x7e]+$/.test(name) && !/[/:]|^\.{1,2}$|%(?!d)|%d.*%d/.test(name)
  if (valid) return
  const rule = `1 to ${LONGEST_NAME} letters, digits and signs other than '/' and ':'`
  refuse(`--tun is ${JSON.stringify(name)}, expected an interface name of ${rule}`)
}

function checkHostAddress(option: string, prefix: IpPrefix): void {
  const kind = kindOf(prefix.address) ?? (isDirectedBroadcast(prefix, prefix.address) ? 'a broadcast address' : undefined)
  if (kind !== undefined) refuse(`${option} is ${formatPrefix(prefix)}, ${kind}; expected one host's, such as 10.9.0.2/24 or fd09::2/64`)
}

function checkGateway(text: string, addresses: readonly IpPrefix[]): void {
  const gateway = parseIpAddress(text)!
  const kind = kindOf(gateway)
  if (kind !== undefined) refuse(`--gateway is ${text}, ${kind}; expected a neighbour's`)
  if (!addresses.some(({ address }) => isIpv4(address) === isIpv4(gateway))) {
    refuse(`--gateway is ${text}, but the host has no ${isIpv4(gateway) ? 'IPv4' : 'IPv6'} address`)
  }
}

/** What makes an address none of a host on a link (RFC 1122 §3.2.1.3, RFC 4291 §2.5); undefined when nothing does. */
function kindOf(address: IpPrefix['address']): string | undefined {
  if (isUnspecified(address)) return 'the unspecified address'
  if (isMulticast(address)) return 'a multicast address'
  if (isLimitedBroadcast(address)) return 'a broadcast address'
  if (isLoopback(address)) return 'a loopback address'
  return undefined
}

function refuse(message: string): never {
  throw new CliError(message, ExitCode.Usage)
}
