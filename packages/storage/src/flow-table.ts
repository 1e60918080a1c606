/** An IP address of either family as four int32 words, IPv4 as ::ffff:a.b.c.d. */
export interface AddressWords {
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number
}

/** Words of an entry: local address (4), remote address (4), local port << 16 | remote port, value. */
const ENTRY_WORDS = 10
const PORTS = 8
const VALUE = 9
/** Behind the key that is looked for: its hash. */
const HASH = 9
/** In VALUE, a free entry holds -1 - (next free entry + 1). */
const INITIAL_ENTRIES = 16
const MAX_ENTRIES = 2 ** 24

/**
 * From the four values that name a flow to an integer: open addressing with linear probing over
 * int32 arrays, hashed with a secret so that nobody outside can choose colliding keys. At most half
 * of the slots are taken, and a deleted entry's slot is closed up at once (no tombstones), so a
 * look-up takes about 1.5 probes however the table came to be. It grows by doubling up to
 * `maxEntries` and refuses what comes beyond. A listener's key has the unspecified address and port 0 as its
 * remote half, and whatever else callers agree on: keys are compared whole.
 */
export class FlowTable {
  readonly maxEntries: number
  /** Slots looked at since the start: complexity made testable. */
  steps = 0
  private count = 0
  private readonly key0: number
  private readonly key1: number
  /** Two words a slot: hash, and entry number + 1 (0 is an empty slot). A power of two of slots. */
  private slots: Int32Array
  private entries: Int32Array
  /** Entries ever used; those freed among them are chained from `freeEntry` (number + 1, 0 is none). */
  private highWater = 0
  private freeEntry = 0
  /** The key that is looked for, as an entry's first nine words, and its hash. */
  private readonly key: Int32Array = new Int32Array(HASH + 1)

  /**
   * @param secret random words from the host; the first two are the hash key.
   * @param maxEntries cap on entries, 1 to 2^24. A full table of n entries takes 56 to 112 bytes for each.
   */
  constructor(secret: Int32Array, maxEntries: number) {
    if (secret.length < 2) throw new RangeError(`secret has ${secret.length} words, expected at least 2`)
    if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > MAX_ENTRIES) {
      throw new RangeError(`maxEntries is ${maxEntries}, expected an integer from 1 to ${MAX_ENTRIES}`)
    }
    this.key0 = secret[0]!
    this.key1 = secret[1]!
    this.maxEntries = maxEntries
    this.key[HASH] = this.hash()
    this.slots = new Int32Array(INITIAL_ENTRIES * 4)
    this.entries = new Int32Array(INITIAL_ENTRIES * ENTRY_WORDS)
  }

  /** Entries in the table. */
  get size(): number {
    return this.count
  }

  /** The value of a flow; -1 when it is not in the table. */
  get(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): number {
    this.load(local, localPort, remote, remotePort)
    const slot = this.find(this.key[HASH]!)
    const entry = this.slots[slot + 1]!
    return entry === 0 ? -1 : this.entries[(entry - 1) * ENTRY_WORDS + VALUE]!
  }

  /**
   * Adds a flow, or gives a known one a new value. False when the table is full; it is as it was.
   * @throws RangeError when `value` is not an integer from 0 to 2^31 - 1.
   */
  set(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number, value: number): boolean {
    if ((value | 0) !== value || value < 0) {
      throw new RangeError(`flow value is ${value}, expected an integer from 0 to ${2 ** 31 - 1}`)
    }
    this.load(local, localPort, remote, remotePort)
    const hash = this.key[HASH]!
    let slot = this.find(hash)
    const known = this.slots[slot + 1]!
    if (known !== 0) {
      this.entries[(known - 1) * ENTRY_WORDS + VALUE] = value
      return true
    }
    if (this.count === this.maxEntries) return false
    if (this.count * 4 === this.slots.length) {
      this.grow()
      slot = this.find(hash)
    }
    const entry = this.takeEntry()
    const at = entry * ENTRY_WORDS
    const entries = this.entries
    for (let word = 0; word < VALUE; word++) entries[at + word] = this.key[word]!
    entries[at + VALUE] = value
    this.slots[slot] = hash
    this.slots[slot + 1] = entry + 1
    this.count++
    return true
  }

  /** Removes a flow; whether it was in the table. */
  delete(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): boolean {
    this.load(local, localPort, remote, remotePort)
    const slots = this.slots
    const mask = slots.length - 1
    let hole = this.find(this.key[HASH]!)
    const entry = slots[hole + 1]!
    if (entry === 0) return false
    this.entries[(entry - 1) * ENTRY_WORDS + VALUE] = -1 - this.freeEntry
    this.freeEntry = entry
    this.count--
    // Close the hole: an entry further on moves into it unless its own home lies after the hole.
    let slot = hole
    for (;;) {
      slot = (slot + 2) & mask
      this.steps++
      if (slots[slot + 1] === 0) break
      const home = (slots[slot]! << 1) & mask
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots[hole] = slots[slot]!
        slots[hole + 1] = slots[slot + 1]!
        hole = slot
      }
    }
    slots[hole + 1] = 0
    return true
  }

  /** Visits each value, oldest place first. The visitor may delete flows, and must not add any. */
  forEach(visit: (value: number) => void): void {
    for (let entry = 0; entry < this.highWater; entry++) {
      const value = this.entries[entry * ENTRY_WORDS + VALUE]!
      if (value >= 0) visit(value)
    }
  }

  /** Most look-ups ask for the flow of the one before: its hash is known. */
  private load(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): void {
    const key = this.key
    const ports = (localPort << 16) | (remotePort & 0xffff)
    if (key[PORTS] === ports && key[7] === remote.w3 && key[3] === local.w3 && key[6] === remote.w2 && key[2] === local.w2
      && key[5] === remote.w1 && key[1] === local.w1 && key[4] === remote.w0 && key[0] === local.w0) return
    key[0] = local.w0
    key[1] = local.w1
    key[2] = local.w2
    key[3] = local.w3
    key[4] = remote.w0
    key[5] = remote.w1
    key[6] = remote.w2
    key[7] = remote.w3
    key[PORTS] = ports
    key[HASH] = this.hash()
  }

  /** HalfSipHash-1-3 of the key's nine words: a round for each, one for the length, three to end. */
  private hash(): number {
    const key = this.key
    let v0 = this.key0
    let v1 = this.key1
    let v2 = this.key0 ^ 0x6c796765
    let v3 = this.key1 ^ 0x74656462
    for (let round = 0; round < 13; round++) {
      const word = round < 9 ? key[round]! : round === 9 ? 36 << 24 : 0
      if (round === 10) v2 ^= 0xff
      v3 ^= word
      v0 = (v0 + v1) | 0
      v1 = (v1 << 5) | (v1 >>> 27)
      v1 ^= v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = (v3 << 8) | (v3 >>> 24)
      v3 ^= v2
      v0 = (v0 + v3) | 0
      v3 = (v3 << 7) | (v3 >>> 25)
      v3 ^= v0
      v2 = (v2 + v1) | 0
      v1 = (v1 << 13) | (v1 >>> 19)
      v1 ^= v2
      v2 = (v2 << 16) | (v2 >>> 16)
      v0 ^= word
    }
    return v1 ^ v3
  }

  /** Where in `slots` the loaded key is, or the empty slot where it would go. */
  private find(hash: number): number {
    const slots = this.slots
    const mask = slots.length - 1
    let slot = (hash << 1) & mask
    for (;;) {
      this.steps++
      const entry = slots[slot + 1]!
      if (entry === 0 || (slots[slot] === hash && this.matches(entry - 1))) return slot
      slot = (slot + 2) & mask
    }
  }

  private matches(entry: number): boolean {
    const key = this.key
    const entries = this.entries
    const at = entry * ENTRY_WORDS
    for (let word = PORTS; word >= 0; word--) {
      if (entries[at + word] !== key[word]) return false
    }
    return true
  }

  private takeEntry(): number {
    const free = this.freeEntry
    if (free === 0) return this.highWater++
    this.freeEntry = -1 - this.entries[(free - 1) * ENTRY_WORDS + VALUE]!
    return free - 1
  }

  /** Twice the slots and entries. */
  private grow(): void {
    const old = this.slots
    const slots = new Int32Array(old.length * 2)
    const mask = slots.length - 1
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      let slot = (old[from]! << 1) & mask
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
      slots[slot] = old[from]!
      slots[slot + 1] = old[from + 1]!
    }
    const entries = new Int32Array(this.entries.length * 2)
    entries.set(this.entries)
    this.slots = slots
    this.entries = entries
  }
}
