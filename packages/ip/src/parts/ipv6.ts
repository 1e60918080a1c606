import { Icmpv6 } from '../icmpv6.ts'
import { icmpv6Messages } from '../icmpv6-messages.ts'
import { Ipv6HeaderWriter } from '../ipv6-header-writer.ts'
import { Ipv6Input } from '../ipv6-input.ts'
import type { InternetBase, InternetExtras } from '../part.ts'
import { errorsOf, icmpOutputOf } from './shared.ts'

/** IPv6 (RFC 8200) on media with bare IP packets, with ICMPv6 (RFC 4443), which every node must have. */
export function ipv6(base: InternetBase, extras: InternetExtras): void {
  const { delivery, headers, input, interfaces, router, transports } = base
  const output = icmpOutputOf(base, extras)
  output.ipv6 = icmpv6Messages
  delivery.icmpv6 = new Icmpv6(output, errorsOf(base, extras), transports)
  input.ipv6 = new Ipv6Input(interfaces, delivery, output)
  headers.ipv6 = new Ipv6HeaderWriter()
  router.ipv6 = true
}
