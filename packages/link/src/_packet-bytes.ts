/** What a message event carries. Event types differ from host to host; all have `data`. */
export function dataOf(event: object): unknown {
  return 'data' in event ? event.data : undefined
}

/** The bytes of a message that a WebSocket or MessagePort delivered; undefined when it is not binary. */
export function bytesOfMessage(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  // By tag and not by instanceof: the buffer may come from another realm (an iframe, a vm context).
  if (Object.prototype.toString.call(data) === '[object ArrayBuffer]') return new Uint8Array(data as ArrayBuffer)
  return undefined
}

/** A copy of one packet in a buffer of its own, which may be given away. */
export function copyOfPacket(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(end - start)
  copy.set(bytes.subarray(start, end))
  return copy
}
