/** Which way through a link. */
export type LinkDirection = 'aToB' | 'bToA'

/** Why a packet did not arrive: lost on the way, no room in the queue, or nobody attached to the device at the other end. */
export type LinkDropCause = 'loss' | 'queue' | 'unattended'

/** What happened to one packet. One object is reused for all events, and the bytes are lent for the call: copy what you keep. */
export interface LinkEvent {
  direction: LinkDirection
  /** The packet's number in its direction, from 0. A duplicate has its original's. */
  packet: number
  /** When this happened, in ms. */
  time: number
  /** When the link got the packet. */
  transmittedAt: number
  /** When its last bit had left the sender; `transmittedAt` when the queue had no room for it. */
  departedAt: number
  bytes: Uint8Array
  start: number
  end: number
  /** Of a drop. */
  cause: LinkDropCause | undefined
  /** It is the second copy of a packet. */
  duplicate: boolean
  /** One of its bits was flipped on the way. */
  corrupted: boolean
  /** It arrives after a packet that was sent later (RFC 4737 §3). */
  reordered: boolean
}

/** Told, if present, what happens on a link, in order of time. It must not send packets. */
export interface LinkObserver {
  /** A device handed a packet to the link. */
  transmitted?(event: LinkEvent): void
  /** A packet will not arrive. A lost one is reported when it is half way, one without room in the queue at once. */
  dropped?(event: LinkEvent): void
  /** A packet is about to be handed to the receiver at the other end. */
  delivered?(event: LinkEvent): void
}

export function createLinkEvent(): LinkEvent {
  return {
    direction: 'aToB',
    packet: 0,
    time: 0,
    transmittedAt: 0,
    departedAt: 0,
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
    cause: undefined,
    duplicate: false,
    corrupted: false,
    reordered: false,
  }
}
