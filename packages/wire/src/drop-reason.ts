/**
 * Why a packet was not accepted. Parsers and protocols return one of these instead of throwing;
 * `None` (0) means accepted. Every stack counts drops per reason.
 */
export const DropReason = {
  None: 0,
  /** Fewer bytes than the header says or needs. */
  Truncated: 1,
  BadVersion: 2,
  BadHeaderLength: 3,
  BadTotalLength: 4,
  BadChecksum: 5,
  /** An option whose length does not fit (RFC 9293 MUST-7). */
  BadOption: 6,
  UnknownEtherType: 7,
  /** Addressed to another host, and this one does not forward. */
  NotForUs: 8,
  /** A source that no sender may use: multicast, broadcast, unspecified. */
  MartianSource: 9,
  UnknownProtocol: 10,
  HopLimitExceeded: 11,
  NoRoute: 12,
  NeighbourUnreachable: 13,
  /** The neighbour's one pending packet was replaced by a newer one (RFC 1122 §2.3.2.2). */
  NeighbourPending: 14,
  FragmentLimit: 15,
  FragmentOverlap: 16,
  FragmentTimeout: 17,
  FragmentTooLarge: 18,
  /** No socket on that port; the internet layer answers with ICMP port unreachable. */
  PortUnreachable: 19,
  /** Port 0 where a real port is needed. */
  BadPort: 20,
  ReceiveQueueFull: 21,
  OutOfMemory: 22,
  /** The device could not take the packet now; the sender may try again later. */
  DeviceQueueFull: 23,
  /** Larger than the path MTU with fragmentation forbidden. */
  PacketTooBig: 24,
  /** An ICMP message that quotes nothing we sent. */
  IcmpUnmatched: 25,
  IcmpRateLimited: 26,
  /** No address of ours fits the destination's family. */
  NoSourceAddress: 27,
  /** No TCP connection or listener; TCP answers with RST (RFC 9293 §3.10.7.1). */
  NoConnection: 28,
  /** RFC 9293 §3.10.7.4 first check. */
  SequenceUnacceptable: 29,
  /** RFC 9293 §3.10.7.4 fifth check; RFC 5961 §5. */
  AckUnacceptable: 30,
  /** A segment without ACK where one is required. */
  AckMissing: 31,
  /** RFC 5961 §3: RST not exactly at RCV.NXT. */
  ResetUnacceptable: 32,
  /** RFC 5961 §4: SYN in a synchronized state. */
  SynUnacceptable: 33,
  BacklogFull: 34,
  /** RFC 7323 §5. */
  PawsRejected: 35,
  /** Text after our receive side closed (RFC 9293 §3.10.7.4 seventh check). */
  TextAfterClose: 36,
  /** Flag combinations that no state accepts: SYN+FIN, SYN+RST, none at all. */
  BadFlags: 37,
  /** A RST that nothing waits for. */
  ResetIgnored: 38,
  /** RFC 7323 §3.2: no timestamp after both sides agreed on them. */
  TimestampMissing: 39,
  /** The handshake waits for the peer's first text (TCP_DEFER_ACCEPT). */
  AcceptDeferred: 40,
} as const

export type DropReason = (typeof DropReason)[keyof typeof DropReason]

/** How many there are, `None` included. */
export const DROP_REASONS = 41

/** Name of each reason, indexed by its value: `dropReasonNames[DropReason.BadChecksum] === 'BadChecksum'`. */
export const dropReasonNames: readonly string[] = /* @__PURE__ */ Object.keys(DropReason)
