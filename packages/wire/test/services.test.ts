import { describe, expect, test } from 'vitest'
import { portRange, serviceByName, serviceByPort, services } from '../src/index.ts'

describe('RFC 6335 §6: three ranges of ports', () => {
  test.each([
    [0, 'system'], [1023, 'system'], [1024, 'user'], [49151, 'user'], [49152, 'dynamic'], [65535, 'dynamic'],
  ])('%i is %s', (port, range) => {
    expect(portRange(port)).toBe(range)
  })

  test.each([-1, 65536, 80.5, Number.NaN])('%d is no port', (port) => {
    expect(() => portRange(port)).toThrow(new RangeError(`got port ${port}, expected an integer from 0 to 65535`))
  })
})

describe('service names', () => {
  test.each([
    ['ftp', 21], ['ssh', 22], ['telnet', 23], ['smtp', 25], ['domain', 53], ['tftp', 69], ['http', 80], ['pop3', 110], ['ntp', 123],
    ['imap', 143], ['snmp', 161], ['https', 443], ['rip', 520], ['echo', 7], ['discard', 9], ['daytime', 13], ['chargen', 19],
  ])('%s is at %i', (name, port) => {
    expect(serviceByName(name)?.port).toBe(port)
  })

  test('names are found in any case and by alias, and only with a protocol that they speak', () => {
    expect(serviceByName('HTTP')?.name).toBe('http')
    expect(serviceByName('mail')?.name).toBe('smtp')
    expect(serviceByName('syslog', 'tcp')).toBeUndefined()
    expect(serviceByName('constructor')).toBeUndefined()
  })

  test('a port may serve one protocol under one name and the other under another', () => {
    expect(serviceByPort(514, 'tcp')?.name).toBe('shell')
    expect(serviceByPort(514, 'udp')?.name).toBe('syslog')
    expect(serviceByPort(7)?.protocols).toEqual(['tcp', 'udp'])
    expect(serviceByPort(4)).toBeUndefined()
  })

  test('RFC 6335 §5.1: every name is well formed, every entry complete, none listed twice, in order of ports', () => {
    expect(services.length).toBeGreaterThan(100)
    for (const { name, port, protocols } of services) {
      expect(name).toMatch(/^(?=.{1,15}$)(?=.*[a-z])[a-z0-9](?:-?[a-z0-9])*$/)
      expect(portRange(port)).not.toBe('dynamic')
      expect(protocols.every((protocol) => protocol === 'tcp' || protocol === 'udp')).toBe(true)
    }
    const ports = services.map((service) => service.port)
    expect(ports).toEqual([...ports].sort((a, b) => a - b))
    const pairs = services.flatMap(({ port, protocols }) => protocols.map((protocol) => `${port}/${protocol}`))
    expect(new Set(pairs).size).toBe(pairs.length)
    const names = services.flatMap(({ name, aliases, protocols }) => [name, ...aliases].flatMap((n) => protocols.map((p) => `${n}/${p}`)))
    expect(new Set(names).size).toBe(names.length)
  })
})
