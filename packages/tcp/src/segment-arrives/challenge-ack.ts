import type { TcpContext } from '../context.ts'
import type { Tcb } from '../tcb.ts'

/**
 * Challenge ACK (RFC 5961 §3.2, §4.2): a forger learns nothing from it, an honest peer answers with
 * a reset that fits. Limited for each connection by itself (RFC 5961 §7): a limit shared by all
 * connections would tell an attacker what happens on the others. `limit`: in one second, with those that came before.
 */
export function challenge(context: TcpContext, tcb: Tcb, now: number, limit: number = context.config.challengeAcks): void {
  const second = Math.floor(now / 1000)
  if (second !== tcb.challengeSecond) {
    tcb.challengeSecond = second
    tcb.challenges = 0
  }
  if (tcb.challenges >= limit) return
  tcb.challenges++
  tcb.ackNow = true
}
