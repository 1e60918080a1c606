/** Figures as people read them; points and commas as in English everywhere, so that a lesson's screenshots agree. */
const grouped = new Intl.NumberFormat('en')

export function formatCount(value: number): string {
  return grouped.format(value)
}

/** A time of the run, three digits behind the point below a second: `41.216 ms`, `1.204 s`. */
export function formatTime(ms: number): string {
  if (ms < 1000) return `${ms.toFixed(3)} ms`
  return `${(ms / 1000).toFixed(4)} s`
}

/** A span, short: `40 ms`, `1.25 s`. */
export function formatSpan(ms: number): string {
  if (ms >= 10_000) return `${trimmed(ms / 1000, 1)} s`
  if (ms >= 1000) return `${trimmed(ms / 1000, 2)} s`
  if (ms >= 10) return `${trimmed(ms, 1)} ms`
  return `${trimmed(ms, 2)} ms`
}

/** `14,480`, `256 KiB`, `1.5 MiB`: exact where it is short, else in powers of 1024. */
export function formatBytes(bytes: number): string {
  if (bytes >= 2 ** 20) return `${trimmed(bytes / 2 ** 20, 2)} MiB`
  if (bytes >= 2 ** 17) return `${trimmed(bytes / 2 ** 10, 0)} KiB`
  return formatCount(bytes)
}

/** Bytes exactly, as `parseBytes` reads them: `5,000`, `384 KiB`, `10 MiB`. */
export function formatExactBytes(bytes: number): string {
  if (bytes >= 2 ** 20 && bytes % 2 ** 20 === 0) return `${bytes / 2 ** 20} MiB`
  if (bytes >= 2 ** 10 && bytes % 2 ** 10 === 0) return `${bytes / 2 ** 10} KiB`
  return formatCount(bytes)
}

/** Bit/s: `9.41 Mbit/s`. */
export function formatRate(bitsPerSecond: number): string {
  if (bitsPerSecond >= 1e9) return `${trimmed(bitsPerSecond / 1e9, 2)} Gbit/s`
  if (bitsPerSecond >= 1e6) return `${trimmed(bitsPerSecond / 1e6, 2)} Mbit/s`
  return `${trimmed(bitsPerSecond / 1e3, 1)} kbit/s`
}

/** Bytes as people type them: `5000`, `64k`, `10M`, `1.5 MiB`, in powers of 1024; NaN when it is none. */
export function parseBytes(text: string): number {
  const match = /^\s*([\d.,]+)\s*([kmg]?)(i?b)?\s*$/i.exec(text)
  if (match === null) return NaN
  const power = ['', 'k', 'm', 'g'].indexOf(match[2]!.toLowerCase())
  return Math.round(Number(match[1]!.replaceAll(',', '')) * 1024 ** power)
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)))
}
