import { FragmentExpiry } from '../fragment-expiry.ts'
import { FragmentOutput } from '../fragment-output.ts'
import type { InternetBase, InternetExtras } from '../part.ts'
import { Reassembly } from '../reassembly.ts'
import { repliesOf } from './shared.ts'

/** Fragments out, for packets that are too large and may be cut, and in: RFC 791 §3.2, RFC 8200 §4.5. Without it both are dropped. */
export function fragmentation(base: InternetBase, extras: InternetExtras): void {
  const { arena, delivery, drops, identification, interfaces, link, packet } = base
  // A device may take some fragments of a packet only: the others wait there.
  repliesOf(base, extras)
  link.fragments = new FragmentOutput(link, identification)
  const reassembly = new Reassembly(arena, drops)
  delivery.reassembly = reassembly
  extras.expiry = new FragmentExpiry(interfaces, reassembly, delivery, drops, packet)
}
