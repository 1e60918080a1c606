import type { Command } from 'commander'
import type { Observer } from '@layerfour/socket'
import type { Tcb } from '@layerfour/tcp'
import { causeNames, stateNames } from '@layerfour/tcp'
import type { IpPrefix } from '@layerfour/wire'
import { formatIpAddress, formatPrefix, isIpv4 } from '@layerfour/wire'
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
import { formatEndpoint } from '../format.ts'
import { makeControlPath } from '../host/control-path.ts'
import type { ControlSocket } from '../host/control-socket.ts'
import { checkControlPath, openControlSocket } from '../host/control-socket.ts'
import type { RunningHost } from '../host/run-host.ts'
import { runHost } from '../host/run-host.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { InterfaceOptions } from './interface-options.ts'
import { addInterfaceOptions, interfaceOf, interrupted } from './interface-options.ts'

const examples = `
Examples:
  sudo l4 host --tun l4 --address 10.9.0.2/24      then, in another terminal:
    ping 10.9.0.2
    curl http://10.9.0.2/
    nc 10.9.0.2 7                                  echo; 9 discard, 13 daytime, 19 chargen
    iperf3 -c 10.9.0.2                             how fast; -R, -P 8, --bidir
    l4 netstat                                     what the host's sockets do
  sudo l4 host --tun l4 --address 10.9.0.2/24 --address fd09::2/64
  sudo l4 host --tun l4 --address 10.9.0.2/24 --tap --mtu 9000

Without root, on an interface that root has made:
  sudo ip tuntap add dev l4 mode tun user $USER
  sudo ip address add 10.9.0.1/24 dev l4 && sudo ip link set l4 up
  l4 host --tun l4 --address 10.9.0.2/24 --no-kernel-address

It runs until SIGINT (ctrl-C) or SIGTERM. Exit code 5 when the system does not allow it, 3 when the interface or
the control socket cannot be had.`

interface Options extends InterfaceOptions {
  /** False: none. */
  readonly control?: string | false
  readonly verbose?: true
  readonly json?: true
}

export function addHostCommand(program: Command, terminal: Terminal): void {
  const command = program.command('host')
    .summary('run a host on a Linux TUN or TAP interface')
    .description('Runs a host of its own on a Linux TUN or TAP interface: '
      + 'ping, echo (7), discard (9), daytime (13), chargen (19), HTTP (80), iperf3 (5201).')
  addInterfaceOptions(command)
    .option('--control <path>', 'Unix socket for `l4 netstat` (default: NAME.sock in /run/layerfour or $XDG_RUNTIME_DIR/layerfour)')
    .option('--no-control', 'no such socket')
    .option('-v, --verbose', 'print state changes of connections')
    .option('--json', 'print JSON, one object a line')
    .addHelpText('after', examples)
    .action((options: Options) => host(options, terminal))
}

async function host(options: Options, terminal: Terminal): Promise<void> {
  const json = options.json === true
  const addresses = options.address
  const link = interfaceOf(options)
  const { kernelAddresses } = link
  if (typeof options.control === 'string') checkControlPath(options.control)
  const running = runHost({
    ...link,
    ...(options.verbose === true ? { observer: stateObserver(json, terminal) } : {}),
    report: (error) => terminal.error(`l4: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`),
  })
  let control: ControlSocket | undefined
  try {
    if (options.control !== false) {
      control = await openControlSocket(options.control ?? makeControlPath(running.name), () => running.stats())
    }
    announce(running, addresses, kernelAddresses, control, json, terminal)
    const reason = await Promise.race([interrupted(), running.closed.then((error) => error ?? new Error('the interface closed'))])
    if (reason instanceof Error) throw new CliError(reason.message, ExitCode.Io, reason)
    if (json) terminal.out(`${JSON.stringify({ event: 'stopped', signal: reason })}\n`)
    else terminal.out(`${reason}: connections reset, interface closed\n`)
  } finally {
    await control?.close()
    await running.close()
  }
}

function announce(
  { name, mtu }: RunningHost, addresses: readonly IpPrefix[], kernelAddresses: readonly string[], control: ControlSocket | undefined,
  json: boolean, terminal: Terminal,
): void {
  if (json) {
    const ready = { event: 'ready', interface: name, mtu, addresses: addresses.map(formatPrefix), kernelAddresses, control: control?.path ?? null }
    terminal.out(`${JSON.stringify(ready)}\n`)
    return
  }
  const { bold, dim } = terminal.colours
  const address = formatIpAddress(addresses[0]!.address)
  const url = isIpv4(addresses[0]!.address) ? `http://${address}/` : `http://[${address}]/`
  const kernel = kernelAddresses.length > 0 ? `, the kernel has ${kernelAddresses.join(', ')}` : ''
  terminal.out([
    `${bold(addresses.map(formatPrefix).join(', '))} on ${bold(name)}, MTU ${mtu}${kernel}`,
    'echo 7 (TCP, UDP), discard 9, daytime 13, chargen 19, HTTP 80, iperf3 5201',
    '',
    `  ping ${address}`,
    `  curl ${url}               ${dim('the page; /stats, /bytes/N')}`,
    `  iperf3 -c ${address}`,
    ...(control === undefined ? [] : [`  l4 netstat ${name}`]),
    '',
    dim('ctrl-C ends it.'),
    '',
  ].join('\n'))
}

function stateObserver(json: boolean, terminal: Terminal): Observer {
  return {
    stateChanged(tcb, from, to, cause) {
      const change = { from: stateNames[from]!, to: stateNames[to]!, cause: causeNames[cause]! }
      if (json) terminal.out(`${JSON.stringify({ event: 'state', local: localOf(tcb), remote: remoteOf(tcb), ...change })}\n`)
      else terminal.out(`${localOf(tcb)}  ${remoteOf(tcb)}  ${change.from} → ${change.to}  ${terminal.colours.dim(change.cause)}\n`)
    },
  }
}

function localOf({ localAddress, localPort }: Tcb): string {
  return formatEndpoint(formatIpAddress(localAddress), localPort)
}

function remoteOf({ remoteAddress, remotePort }: Tcb): string {
  return formatEndpoint(formatIpAddress(remoteAddress), remotePort)
}
