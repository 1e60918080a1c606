/**
 * `bytes` that throw when an element outside [start, end) is read. Fast checksums read whole words of the
 * buffer and so pass by; for them compare results under different surroundings instead.
 */
export function guard(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Proxy(bytes, {
    get(target, key): unknown {
      const index = typeof key === 'string' ? Number(key) : Number.NaN
      if (!Number.isNaN(index) && !(index >= start && index < end)) {
        throw new Error(`read at ${index}, outside [${start}, ${end})`)
      }
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value
    },
  })
}
