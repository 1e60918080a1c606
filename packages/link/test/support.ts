import type { Device } from '../src/index.ts'

/** Copies of all packets that the device hands over from now on. */
export function collect(device: Device): Uint8Array[] {
  const packets: Uint8Array[] = []
  device.attach((bytes, start, end) => {
    packets.push(bytes.slice(start, end))
  })
  return packets
}

/** A packet of `length` bytes: first, first + 1, and so on. */
export function packetOf(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i)
}

export function send(device: Device, packet: Uint8Array): boolean {
  return device.transmit(packet, 0, packet.length)
}

/** An Ethernet frame of `length` bytes between hosts 02:00:00:00:00:xx; 255 is the broadcast address. */
export function frame(destination: number, source: number, length = 60): Uint8Array {
  const bytes = new Uint8Array(length)
  if (destination === 255) bytes.fill(255, 0, 6)
  else bytes.set([2, 0, 0, 0, 0, destination])
  bytes.set([2, 0, 0, 0, 0, source], 6)
  return bytes
}
