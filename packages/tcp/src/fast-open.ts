import type { SipHash } from '@layerfour/storage'
import type { IpAddress, TcpOptions } from '@layerfour/wire'
import type { TcpContext } from './context.ts'
import type { Tcb } from './tcb.ts'

/*
 * TCP Fast Open (RFC 7413): text in the SYN, for who has shown before, by a cookie of ours, that its
 * address is its own. Text in a SYN may be delivered twice if the network duplicates the SYN, so both
 * sides have to ask for it.
 */

export interface FastOpenState {
  /** Active side: ask for a cookie, or use the one that we have. */
  readonly client: boolean
  /** Passive side: the cookie was right, and text may flow before the handshake ends. */
  server: boolean
  /** Passive side: the SYN,ACK brings a cookie. */
  grant: boolean
}

const COOKIE_LENGTH = 8
/** Tells cookies apart from everything else that the same secret makes: "TFO". */
const TAG = 0x54_46_4f
/** Servers whose cookies a host remembers. */
const CACHE_ENTRIES = 256

/** What a host remembers of a server (RFC 7413 §4.1.3). */
interface CachedCookie {
  readonly cookie: Uint8Array
  /** The server's MSS, which bounds the text in a SYN. */
  readonly mss: number
}

/** Cookies by server address, the oldest one forgotten first. Its keys are addresses that we chose to connect to. */
export class FastOpenCache {
  private readonly entries = new Map<string, CachedCookie>()

  get(server: IpAddress): CachedCookie | undefined {
    return this.entries.get(keyOf(server))
  }

  set(server: IpAddress, options: TcpOptions, mss: number): void {
    const key = keyOf(server)
    this.entries.delete(key)
    this.entries.set(key, { cookie: options.fastOpenCookie.slice(0, options.fastOpenLength), mss })
    if (this.entries.size <= CACHE_ENTRIES) return
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest)
      return
    }
  }

  /** A path that swallows SYNs with text gets plain ones from now on (RFC 7413 §4.1.3.1). */
  delete(server: IpAddress): void {
    this.entries.delete(keyOf(server))
  }
}

function keyOf({ w0, w1, w2, w3 }: IpAddress): string {
  return `${w0} ${w1} ${w2} ${w3}`
}

/** Text bytes that our first SYN may carry: none without a cookie (RFC 7413 §4.2.1). */
export function textInSyn(context: TcpContext, tcb: Tcb): number {
  if (!tcb.fastOpen.client || tcb.retries > 0) return 0
  const cached = context.fastOpenCache.get(tcb.remoteAddress)
  if (cached === undefined) return 0
  // 40 bytes are what options can take at most.
  const room = Math.min(cached.mss, tcb.negotiated.mss) - 40
  return Math.max(0, Math.min(tcb.sendRing.length, room))
}

/** The option in our SYN, or SYN,ACK. */
export function offerFastOpen(context: TcpContext, tcb: Tcb, granting: boolean, options: TcpOptions): void {
  if (granting) {
    if (!tcb.fastOpen.grant) return
    writeCookie(context.hash, tcb.remoteAddress, options.fastOpenCookie)
    options.fastOpenLength = COOKIE_LENGTH
  } else if (tcb.fastOpen.client && tcb.retries === 0) {
    const cookie = context.fastOpenCache.get(tcb.remoteAddress)?.cookie
    options.fastOpenLength = cookie?.length ?? 0
    if (cookie !== undefined) options.fastOpenCookie.set(cookie)
  }
}

/** Whether a SYN brings the cookie that we gave to its address. */
export function isOurCookie(context: TcpContext, peer: IpAddress, options: TcpOptions): boolean {
  if (options.fastOpenLength !== COOKIE_LENGTH) return false
  writeCookie(context.hash, peer, expected)
  let difference = 0
  for (let index = 0; index < COOKIE_LENGTH; index++) difference |= expected[index]! ^ options.fastOpenCookie[index]!
  return difference === 0
}

const expected = /* @__PURE__ */ new Uint8Array(COOKIE_LENGTH)

/** RFC 7413 §4.1.2: a keyed hash of the peer's address; 64 bits of it. */
function writeCookie(hash: SipHash, peer: IpAddress, into: Uint8Array): void {
  hash.reset()
  hash.word(peer.w0)
  hash.word(peer.w1)
  hash.word(peer.w2)
  hash.word(peer.w3)
  hash.word(TAG)
  const low = hash.finish()
  const { high } = hash
  for (let index = 0; index < 4; index++) {
    into[index] = low >>> (8 * index)
    into[index + 4] = high >>> (8 * index)
  }
}
