import { ErrorDelivery } from '../error-delivery.ts'
import { IcmpLimiter } from '../icmp-limiter.ts'
import { IcmpOutput } from '../icmp-output.ts'
import { REPLY_QUEUE_BYTES, REPLY_QUEUE_PACKETS } from '../limits.ts'
import { PacketQueue } from '../packet-queue.ts'
import type { InternetBase, InternetExtras } from '../part.ts'
import { PathMtuCache } from '../path-mtu.ts'
import { ReplyOutput } from '../reply-output.ts'

/** The queue of packets that the layer itself sends, which several parts fill; made for the first of them. */
export function repliesOf(base: InternetBase, extras: InternetExtras): PacketQueue {
  const { arena, drops, interfaces, link, output, way } = base
  if (extras.replies === undefined) {
    const replies = new PacketQueue(arena, REPLY_QUEUE_PACKETS, REPLY_QUEUE_BYTES)
    extras.replies = replies
    extras.replyOutput = new ReplyOutput(arena, interfaces, way, output, link, replies, drops)
    output.replies = replies
  }
  return extras.replies
}

/** What tells transports of packets that did not arrive; made for the first part that hears of such. */
export function errorsOf({ interfaces, transports }: InternetBase, extras: InternetExtras): ErrorDelivery {
  return extras.errors ??= new ErrorDelivery(interfaces, transports)
}

/** What ICMP and ICMPv6 have in common: messages out, and the path MTUs that those coming in tell of. */
export function icmpOutputOf(base: InternetBase, extras: InternetExtras): IcmpOutput {
  if (extras.icmpOutput === undefined) {
    const { arena, clock, delivery, drops, headers, output, router, secret } = base
    const pathMtus = new PathMtuCache(secret, clock)
    extras.pathMtus = pathMtus
    router.pathMtus = pathMtus
    output.pathMtus = pathMtus
    errorsOf(base, extras).pathMtus = pathMtus
    extras.icmpOutput = new IcmpOutput(arena, headers, repliesOf(base, extras), drops, new IcmpLimiter(secret))
    delivery.icmpOutput = extras.icmpOutput
  }
  return extras.icmpOutput
}
