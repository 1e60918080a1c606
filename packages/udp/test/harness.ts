import { Arena } from '@layerfour/storage'
import {
  copyIpAddress, createPacketMeta, createUdpHeader, DropReason, IpProtocol, isIpv4, parseIpAddress, readUdp, verifyTransportChecksum,
  writeTransportChecksum, writeUdp,
} from '@layerfour/wire'
import type { IpAddress, PacketMeta, Path } from '@layerfour/wire'
import { Udp, UdpEndpoint } from '../src/index.ts'
import type { EndpointOptions, PortChooser, UdpNetwork, UdpOptions } from '../src/index.ts'

export function address(text: string): IpAddress {
  const parsed = parseIpAddress(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

export const US = address('10.0.0.1')
export const US6 = address('fd00::1')
export const PEER = address('10.0.0.2')
export const PEER6 = address('fd00::2')
export const BROADCAST = address('10.0.0.255')
export const GROUP = address('224.0.0.251')

export interface Sent {
  meta: PacketMeta
  bytes: Uint8Array
}

/** An internet layer that keeps what it is given to send. */
export class FakeNetwork implements UdpNetwork {
  readonly scratch: Uint8Array = new Uint8Array(64 + 65_536)
  readonly transportStart: number = 64
  readonly sent: Sent[] = []
  readonly own: IpAddress[] = [US, address('10.0.0.9'), US6]
  checksumNeeded = true
  routeAnswer: DropReason = DropReason.None
  sendAnswer: DropReason = DropReason.None

  findPath(destination: IpAddress, source: IpAddress, path: Path): DropReason {
    if (this.routeAnswer !== DropReason.None) return this.routeAnswer
    const unspecified = source.w3 === 0
    if (!unspecified && !this.isLocal(source)) return DropReason.NoSourceAddress
    copyIpAddress(unspecified ? (isIpv4(destination) ? US : US6) : source, path.source)
    path.mtu = 1500
    path.checksumNeeded = this.checksumNeeded
    return DropReason.None
  }

  isLocal(candidate: IpAddress): boolean {
    return this.own.some((own) => own.w3 === candidate.w3 && own.w0 === candidate.w0 && own.w2 === candidate.w2)
  }

  isBroadcast(candidate: IpAddress): boolean {
    return candidate.w3 === BROADCAST.w3 && isIpv4(candidate)
  }

  send(meta: PacketMeta, length: number): DropReason {
    if (this.sendAnswer !== DropReason.None) return this.sendAnswer
    const copy = { ...meta, source: { ...meta.source }, destination: { ...meta.destination } }
    this.sent.push({ meta: copy, bytes: this.scratch.slice(64, 64 + length) })
    return DropReason.None
  }
}

/** The first free port from 50,000 on. */
export const ports: PortChooser = {
  choose(_local, _remote, _remotePort, isFree) {
    for (let port = 50_000; port < 50_003; port++) if (isFree(port)) return port
    return 0
  },
}

export class Host {
  readonly network: FakeNetwork = new FakeNetwork()
  readonly arena: Arena = new Arena(1 << 20)
  readonly udp: Udp

  constructor(options: Partial<UdpOptions> = {}) {
    this.udp = new Udp(this.network, { arena: this.arena, secret: Int32Array.of(1, 2, 3, 4), ports, ...options })
  }

  open(options: Partial<EndpointOptions> = {}): UdpEndpoint {
    const endpoint = this.udp.open(options)
    if (!(endpoint instanceof UdpEndpoint)) throw new Error(`open() returned ${endpoint}`)
    return endpoint
  }

  /** An endpoint bound to `local` and `port`. */
  bound(local: IpAddress, port: number, reuseAddress = false): UdpEndpoint {
    const endpoint = this.open()
    const result = endpoint.bind(local, port, { reuseAddress })
    if (result !== 0) throw new Error(`bind() returned ${result}`)
    return endpoint
  }

  /** A datagram arrives whose data is `text`. */
  arrive(source: IpAddress, sourcePort: number, destination: IpAddress, destinationPort: number, text: string): DropReason {
    return this.arriveBytes(source, destination, datagram(source, sourcePort, destination, destinationPort, text))
  }

  arriveBytes(source: IpAddress, destination: IpAddress, bytes: Uint8Array, change: Partial<PacketMeta> = {}): DropReason {
    const meta = createPacketMeta()
    copyIpAddress(source, meta.source)
    copyIpAddress(destination, meta.destination)
    Object.assign(meta, { protocol: IpProtocol.Udp, hopLimit: 61, trafficClass: 3 }, change)
    const room = new Uint8Array(bytes.length + 10).fill(0xee)
    room.set(bytes, 5)
    return this.udp.receive(meta, room, 5, 5 + bytes.length, 0)
  }

  /** Everyone whom `takeReady` names. */
  ready(): UdpEndpoint[] {
    const all: UdpEndpoint[] = []
    for (let next = this.udp.takeReady(); next !== undefined; next = this.udp.takeReady()) all.push(next)
    return all
  }
}

/** Bytes of a datagram with its checksum. */
export function datagram(
  source: IpAddress, sourcePort: number, destination: IpAddress, destinationPort: number, text: string,
): Uint8Array {
  const bytes = new Uint8Array(8 + text.length)
  writeUdp({ sourcePort, destinationPort, length: bytes.length, checksum: 0 }, bytes, 0)
  bytes.set(data(text), 8)
  writeTransportChecksum(source, destination, IpProtocol.Udp, bytes, 0, bytes.length)
  return bytes
}

export function data(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

export function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

/** What a sent datagram says. */
export function parse(sent: Sent | undefined): { ports: [number, number]; text: string; checksumGood: boolean; checksum: number } {
  if (sent === undefined) throw new Error('nothing was sent')
  const header = createUdpHeader()
  const { meta, bytes } = sent
  if (readUdp(bytes, 0, bytes.length, header) !== DropReason.None) throw new Error('malformed')
  return {
    ports: [header.sourcePort, header.destinationPort],
    text: textOf(bytes.subarray(8)),
    checksumGood: verifyTransportChecksum(meta.source, meta.destination, IpProtocol.Udp, bytes, 0, bytes.length),
    checksum: header.checksum,
  }
}
