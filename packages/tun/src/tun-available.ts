import { existsSync, readFileSync } from 'node:fs'
import { openTunDevice } from './_interface.ts'
import { libc } from './_libc.ts'
import { TunError } from './tun-error.ts'

const CAP_NET_ADMIN = 12n

/**
 * Says why `openTun` cannot work here, in a sentence for people, or `undefined` when it should. Leaves nothing behind.
 *
 * `name`: the interface that is meant. One that exists already may have been made for this user, so it needs no privilege.
 */
export function tunAvailable(name?: string): string | undefined {
  try {
    libc().close(openTunDevice())
  } catch (error) {
    if (error instanceof TunError) return error.message
    throw error
  }
  if (name !== undefined && existsSync(`/sys/class/net/${name}/tun_flags`)) return undefined
  return mayAdminister() ? undefined : 'making an interface needs CAP_NET_ADMIN, which this process does not have; root has it'
}

function mayAdminister(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'latin1'))
  // A system that hides this leaves the answer to the attempt.
  return effective === null || ((BigInt(`0x${effective[1]}`) >> CAP_NET_ADMIN) & 1n) === 1n
}
