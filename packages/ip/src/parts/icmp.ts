import { Icmpv4 } from '../icmpv4.ts'
import { icmpv4Messages } from '../icmpv4-messages.ts'
import type { InternetBase, InternetExtras } from '../part.ts'
import { errorsOf, icmpOutputOf } from './shared.ts'

/** ICMP (RFC 792): echo replies, errors in and out, path MTU discovery (RFC 1191). */
export function icmp(base: InternetBase, extras: InternetExtras): void {
  const output = icmpOutputOf(base, extras)
  output.ipv4 = icmpv4Messages
  base.delivery.icmpv4 = new Icmpv4(output, errorsOf(base, extras), base.transports)
}
