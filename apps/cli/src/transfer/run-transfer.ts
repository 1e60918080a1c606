import { EmulatedLink, Prng, Simulation } from '@layerfour/sim'
import type { LinkStats } from '@layerfour/sim'
import type { Accounting, Observer } from '@layerfour/socket'
import { Stack, tcp } from '@layerfour/socket'
import type { ConnectionInfo } from '@layerfour/tcp'
import { errnoName } from '@layerfour/wire'
import { congestionControlOf } from '../congestion.ts'
import type { ByteSource } from './byte-source.ts'
import type { Capture } from './capture.ts'
import type { TransferEvent } from './events.ts'
import { joinObservers } from './join-observers.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import type { HostName, TransferSettings } from './settings.ts'
import { hostAddresses, SERVER_PORT } from './settings.ts'
import { Trace } from './trace.ts'

export interface TransferHooks {
  /** Everything that belongs to the handshake and the close, as it happens. */
  readonly event?: (event: TransferEvent) => void
  /** Tells of every segment in between too, and of congestion control. */
  readonly traceAll?: boolean
  /** Called now and then with what has arrived. `now` is virtual, in ms. */
  readonly progress?: (received: number, now: number) => void
  readonly capture?: Capture
}

/** One host's part, when all is over. */
export interface HostResult {
  /** Bytes of the file: sent or received. */
  readonly bytes: number
  /** Of these bytes, hexadecimal. */
  readonly sha256: string
  /** What broke the connection, such as ETIMEDOUT. */
  readonly error: string | undefined
  /** The connection's last figures; undefined when the server never had one. */
  readonly connection: ConnectionInfo | undefined
  /** Packets dropped by the stack, by `DropReason`. */
  readonly drops: Readonly<Record<string, number>>
  /** Sockets, timers and memory that are left over. */
  readonly accounting: Accounting
}

export interface TransferResult {
  readonly client: HostResult
  readonly server: HostResult
  readonly link: { readonly clientToServer: Readonly<LinkStats>, readonly serverToClient: Readonly<LinkStats> }
  /** Virtual times in ms after the first SYN; undefined for what did not happen. */
  readonly times: {
    /** The server read the client's end. */
    readonly received: number | undefined
    /** Nothing was left to do: TIME-WAIT is over. */
    readonly ended: number
  }
}

/** Steps of the simulation between two reports of progress. */
const STRIDE = 500
const LEAST_MEMORY = 2 ** 24
/** Of the dynamic ports those below 57,000, which Wireshark takes for IRC. */
const EPHEMERAL_PORTS: readonly [number, number] = [49_152, 56_999]
/** Streams of the seed for the hosts' secrets; the link has the low ones. */
const SECRET_STREAMS: Readonly<Record<HostName, number>> = { client: 0x10000, server: 0x10001 }

/** Two hosts, a link between them, and a file from one to the other: the whole run, in virtual time. Closes the source. */
export function runTransfer(settings: TransferSettings, source: ByteSource, hooks: TransferHooks = {}): TransferResult {
  const simulation = new Simulation()
  const clock = (): number => simulation.now
  const { capture } = hooks
  const trace = hooks.event === undefined ? undefined : new Trace(clock, hooks.event, hooks.traceAll ?? false)
  const memory = Math.max(LEAST_MEMORY, powerOfTwo(4 * settings.buffer))
  const link = new EmulatedLink({
    ...settings.link, seed: settings.seed, mtu: settings.mtu, memory, ...(trace === undefined ? {} : { observer: trace.linkObserver() }),
  })
  const addresses = hostAddresses(settings.ipv6)
  const congestionControl = congestionControlOf(settings.congestion)

  const makeHost = (name: HostName): Stack => {
    const observers: Observer[] = []
    if (trace !== undefined) observers.push(trace.observer(name))
    if (capture !== undefined) observers.push(capture.observer(name, clock))
    const stack = new Stack({
      protocols: [tcp({ congestionControl, pacing: settings.pacing })],
      clock, memory, secret: secretOf(settings.seed, name), ephemeralPorts: EPHEMERAL_PORTS,
      observer: joinObservers(observers),
    })
    const { hostname, prefixLength } = addresses[name]
    stack.addInterface(name === 'client' ? link.a : link.b, { addresses: [`${hostname}/${prefixLength}`] })
    return simulation.add(stack, name)
  }
  const clientStack = makeHost('client')
  const serverStack = makeHost('server')
  simulation.add(link, 'link')

  const server = { hostname: addresses.server.hostname, port: SERVER_PORT }
  const receiver = new Receiver(serverStack, server, settings.buffer)
  const sender = new Sender(clientStack, server, source, settings.buffer)
  try {
    while (simulation.run({ steps: STRIDE }) === 'steps') hooks.progress?.(receiver.received, simulation.now)
  } finally {
    source.close()
  }
  return {
    client: hostResult(clientStack, sender, sender.sent),
    server: hostResult(serverStack, receiver, receiver.received),
    link: { clientToServer: { ...link.stats.aToB }, serverToClient: { ...link.stats.bToA } },
    times: { received: receiver.endedAt, ended: simulation.now },
  }
}

function hostResult(stack: Stack, { socket, digest, error }: Sender | Receiver, bytes: number): HostResult {
  return {
    bytes,
    sha256: digest.digest('hex'),
    error: error === 0 ? undefined : errnoName(error),
    connection: socket?.info(),
    drops: stack.drops(),
    accounting: stack.accounting(),
  }
}

/** Initial sequence numbers and ports must repeat with the seed, so the secret does too. Never do this on a real network. */
function secretOf(seed: number, host: HostName): Int32Array {
  const random = new Prng(seed, SECRET_STREAMS[host])
  return Int32Array.from({ length: 4 }, () => random.next())
}

function powerOfTwo(least: number): number {
  let power = 1
  while (power < least) power *= 2
  return power
}
