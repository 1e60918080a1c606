import { table } from './_service-table.ts'

/** RFC 6335 §6: `system` 0..1023 (well-known), `user` 1024..49151 (registered), `dynamic` 49152..65535 (never assigned). */
export type PortRange = 'system' | 'user' | 'dynamic'

/** First port that clients may take for themselves by RFC 6335 §6. */
export const FIRST_DYNAMIC_PORT = 49152

/** Which of the three ranges a port lies in. Throws RangeError unless it is an integer from 0 to 65535. */
export function portRange(port: number): PortRange {
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new RangeError(`got port ${port}, expected an integer from 0 to 65535`)
  return port < 1024 ? 'system' : port < FIRST_DYNAMIC_PORT ? 'user' : 'dynamic'
}

export type ServiceProtocol = 'tcp' | 'udp'

/** One entry of IANA's Service Name and Transport Protocol Port Number Registry. */
export interface Service {
  readonly name: string
  readonly port: number
  readonly protocols: readonly ServiceProtocol[]
  /** Other names in use. */
  readonly aliases: readonly string[]
}

/** The services that people name, in the order of their ports. Not the whole registry. */
export const services: readonly Service[] = /* @__PURE__ */ readTable()

function readTable(): Service[] {
  return table.trim().split('\n').map((line) => {
    const [name = '', port, protocols = '', ...aliases] = line.split(' ')
    return { name, port: Number(port), protocols: protocols.split('/') as ServiceProtocol[], aliases }
  })
}

/**
 * The service of that name or alias, in any case (RFC 6335 §5.1), as getservbyname(3) finds it;
 * undefined when there is none with `protocol`.
 */
export function serviceByName(name: string, protocol?: ServiceProtocol): Service | undefined {
  const wanted = name.toLowerCase()
  return services.find((service) => speaks(service, protocol) && (service.name === wanted || service.aliases.includes(wanted)))
}

/** The service at that port, as getservbyport(3) finds it; undefined when there is none with `protocol`. */
export function serviceByPort(port: number, protocol?: ServiceProtocol): Service | undefined {
  return services.find((service) => service.port === port && speaks(service, protocol))
}

function speaks(service: Service, protocol: ServiceProtocol | undefined): boolean {
  return protocol === undefined || service.protocols.includes(protocol)
}
