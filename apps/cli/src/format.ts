/** Figures as people read them. The same figure gives the same text in every runtime: no locale is asked. */

/** 10485760 → `10,485,760`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** 10485760 → `10.0 MiB`. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB'])
}

/** Bits per second: 9123456 → `9.12 Mbit/s`. */
export function formatRate(rate: number): string {
  if (rate === Infinity) return 'unlimited'
  return scaled(rate, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'])
}

/** Milliseconds: 20 → `20 ms`, 0.3 → `300 µs`, 65432 → `65.4 s`. */
export function formatDuration(ms: number): string {
  if (ms >= 1000) return `${trimmed(ms / 1000)} s`
  if (ms >= 1 || ms === 0) return `${trimmed(ms)} ms`
  return `${trimmed(ms * 1000)} µs`
}

/** A moment of virtual time, for a column: 20.5 → `20.500 ms`. */
export function formatTime(ms: number): string {
  const microseconds = Math.round(ms * 1000)
  return `${formatCount(Math.floor(microseconds / 1000))}.${String(microseconds % 1000).padStart(3, '0')} ms`
}

/** 0.01 → `1 %`. */
export function formatPercent(share: number): string {
  return `${trimmed(share * 100)} %`
}

/** A hostname and a port: 10.0.0.2 → `10.0.0.2:80`, fd09::2 → `[fd09::2]:80` (RFC 5952 §6). */
export function formatEndpoint(hostname: string, port: number | string): string {
  return `${formatHost(hostname)}:${port}`
}

/** An address as it stands before a port: IPv6 in brackets. */
export function formatHost(hostname: string): string {
  return hostname.includes(':') ? `[${hostname}]` : hostname
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let unit = 0
  while (value >= step && unit < units.length - 1) {
    value /= step
    unit++
  }
  return unit === 0 ? `${trimmed(value)} ${units[0]}` : `${value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`
}

/** Three significant digits, without zeros at the end; whole numbers as they are. */
function trimmed(value: number): string {
  if (Number.isInteger(value) || value >= 1000) return formatCount(Math.round(value))
  return String(Number(value.toPrecision(3)))
}
