import type { UdpNetwork } from './context.ts'
import { endpointSnapshots } from './snapshot.ts'
import type { UdpOptions } from './udp-core.ts'
import { UdpCore } from './udp-core.ts'

/** UDP of one host (RFC 768), whose endpoints can be snapshotted. */
export class Udp extends UdpCore {
  /** @throws RangeError for a setting out of range. */
  constructor(network: UdpNetwork, options: UdpOptions) {
    super(network, { ...options, snapshots: endpointSnapshots })
  }
}
