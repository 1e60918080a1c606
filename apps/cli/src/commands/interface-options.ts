import process from 'node:process'
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import type { IpPrefix } from '@layerfour/wire'
import { formatPrefix, parseIpAddress, parsePrefix } from '@layerfour/wire'
import { checkHostArguments } from '../host/check-arguments.ts'
import { kernelAddressesBeside } from '../host/kernel-address.ts'
import { congestionControlOf, congestionOption } from '../congestion.ts'
import type { StackInterfaceOptions } from '../host/open-stack.ts'
import { parseInteger } from '../units.ts'

/** The options of commands that open a TUN or TAP interface. */
export interface InterfaceOptions {
  readonly tun: string
  readonly address: readonly IpPrefix[]
  readonly tap?: true
  readonly mtu?: number
  readonly offload: boolean
  /** False: leave the kernel's side as it is. */
  readonly kernelAddress?: readonly IpPrefix[] | false
  readonly gateway?: readonly string[]
  readonly congestion?: string
}

export function addInterfaceOptions(command: Command): Command {
  return command
    .requiredOption('--tun <name>', 'the interface; made if it does not exist, and then gone at the end')
    .addOption(new Option('--address <cidr>', "the host's address, such as 10.9.0.2/24; may be given several times")
      .argParser(appendPrefix).makeOptionMandatory())
    .option('--tap', 'Ethernet frames and ARP instead of IP packets; IPv4 only')
    .option('--mtu <bytes>', "largest IP packet (default: the interface's)", parseInteger(68, 65_535))
    .option('--no-offload', 'cut segments and compute all checksums here: what crosses the interface is what would be on a wire')
    .addOption(new Option('--kernel-address <cidr>', "the kernel's address (default: one beside ours); may be given several times")
      .argParser(appendPrefix))
    .option('--no-kernel-address', "leave the kernel's addresses as they are")
    .addOption(new Option('--gateway <address>', 'next hop for other networks; may be given several times').argParser(appendAddress))
    .addOption(congestionOption('-C, --congestion <name>'))
}

/** What the options ask for. Throws a usage error when no interface could be like that. */
export function interfaceOf(options: InterfaceOptions): Omit<StackInterfaceOptions, 'observer' | 'report'> {
  const { tun: name, address: addresses, kernelAddress, gateway: gateways = [], mtu } = options
  checkHostArguments({
    name, tap: options.tap === true, mtu, addresses, kernelAddresses: kernelAddress === false ? [] : kernelAddress ?? [], gateways,
  })
  return {
    name,
    mode: options.tap === true ? 'tap' : 'tun',
    mtu,
    offload: options.offload,
    addresses: addresses.map(formatPrefix),
    kernelAddresses: kernelAddress === false ? [] : kernelAddress?.map(formatPrefix) ?? kernelAddressesBeside(addresses),
    gateways,
    congestionControl: congestionControlOf(options.congestion ?? 'cubic'),
  }
}

/** Resolves with the first signal that asks us to end. The next one ends the process the hard way. */
export function interrupted(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
  })
}

function appendPrefix(text: string, previous: readonly IpPrefix[] | boolean | undefined): IpPrefix[] {
  const prefix = text.includes('/') ? parsePrefix(text) : undefined
  if (prefix === undefined) throw new InvalidArgumentError('Expected an address with its prefix length, such as 10.9.0.2/24 or fd09::2/64.')
  return [...(Array.isArray(previous) ? previous as IpPrefix[] : []), prefix]
}

function appendAddress(text: string, previous: readonly string[] = []): string[] {
  if (parseIpAddress(text) === undefined) throw new InvalidArgumentError('Expected an IP address.')
  return [...previous, text]
}
