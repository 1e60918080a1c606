/**
 * The house: which package stands on which floor, and which packages it may import at most.
 * ESLint's import rules are made from this table, and a test holds every package.json to it.
 */
export interface Room {
  /** A package imports from lower floors only. */
  readonly floor: number
  /** The @layerfour packages that it may import at most; its package.json names no others. */
  readonly imports: readonly string[]
  /**
   * Protocol core: sans-IO, and bit-identical in every engine. Time, randomness and secrets are
   * arguments there; DESIGN's first law, enforced by `eslint.config.js`.
   */
  readonly core: boolean
}

export const floors: Readonly<Record<string, Room>> = {
  wire: { floor: 0, imports: [], core: true },
  storage: { floor: 1, imports: [], core: true },
  flow: { floor: 2, imports: ['storage'], core: true },
  udp: { floor: 2, imports: ['wire', 'storage'], core: true },
  ip: { floor: 2, imports: ['wire', 'storage'], core: true },
  link: { floor: 2, imports: ['wire'], core: false },
  pcap: { floor: 2, imports: ['wire'], core: false },
  tcp: { floor: 3, imports: ['wire', 'storage', 'flow'], core: true },
  sim: { floor: 3, imports: ['link', 'storage'], core: true },
  socket: { floor: 4, imports: ['wire', 'storage', 'flow', 'tcp', 'udp', 'ip', 'link', 'sim', 'pcap'], core: false },
  tun: { floor: 5, imports: ['link'], core: false },
}
