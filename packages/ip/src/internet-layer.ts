import { InternetCore } from './internet-core.ts'
import type { InternetLayerOptions } from './internet-core.ts'
import { ethernet } from './parts/ethernet.ts'
import { fragmentation } from './parts/fragmentation.ts'
import { icmp } from './parts/icmp.ts'
import { ipv6 } from './parts/ipv6.ts'
import { loopback } from './parts/loopback.ts'

/** The internet layer of a host with all its parts: both families, Ethernet and bare IP, ICMP, fragments, loopback. */
export class InternetLayer extends InternetCore {
  constructor(options: InternetLayerOptions) {
    super({ ...options, parts: [ethernet, fragmentation, icmp, ipv6, loopback] })
  }
}
