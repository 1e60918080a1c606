import { LOOPBACK_IPV4, LOOPBACK_IPV6 } from '@layerfour/wire'
import { LOOPBACK_QUEUE_BYTES, LOOPBACK_QUEUE_PACKETS } from '../limits.ts'
import type { LoopbackPort } from '../loopback.ts'
import { LOOPBACK_INTERFACE } from '../loopback.ts'
import { PacketQueue } from '../packet-queue.ts'
import type { InternetBase, InternetExtras } from '../part.ts'

/** Packets from the host to itself: 127.0.0.0/8, ::1 and its other addresses. Without it there is no way there. */
export function loopback({ arena, interfaces, router }: InternetBase, extras: InternetExtras): void {
  const port = interfaces.at(LOOPBACK_INTERFACE).port as LoopbackPort
  port.queue = new PacketQueue(arena, LOOPBACK_QUEUE_PACKETS, LOOPBACK_QUEUE_BYTES)
  extras.loopback = port.queue
  interfaces.addAddress(LOOPBACK_INTERFACE, { address: LOOPBACK_IPV4, length: 8 })
  interfaces.addAddress(LOOPBACK_INTERFACE, { address: LOOPBACK_IPV6, length: 128 })
  router.loops = true
}
