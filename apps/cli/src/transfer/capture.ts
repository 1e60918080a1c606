import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { PcapngWriter } from '@layerfour/pcap'
import type { Observer } from '@layerfour/socket'
import { Cause, causeNames, stateNames } from '@layerfour/tcp'
import { attempt } from '../cli-error.ts'
import { formatTime } from '../format.ts'
import type { HostName } from './settings.ts'

/** Written to the file at a time, in bytes. */
const BATCH = 2 ** 20
/** Causes that lie in the host itself: what they make it send comes after the change of state. */
const own: readonly Cause[] = [Cause.ActiveOpen, Cause.Close, Cause.Abort]

export interface CaptureSummary {
  readonly file: string
  readonly packets: number
  readonly bytes: number
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string
}

/**
 * Writes what passes one host's interface to a pcapng file, with the state changes of both hosts as
 * packet comments: each stands at the packet that caused it or that it caused. Times are virtual and
 * nothing else goes in, so equal runs give equal files.
 */
export class Capture {
  readonly #file: string
  readonly #host: HostName
  readonly #descriptor: number
  readonly #writer: PcapngWriter
  readonly #digest = createHash('sha256')
  readonly #interface: number
  readonly #batch = new Uint8Array(BATCH)
  #batched = 0
  #bytes = 0
  #packets = 0
  /** The last packet: what it makes happen is not known yet. */
  readonly #held = new Uint8Array(65_536)
  #heldLength = 0
  #heldAt = 0
  #heldComments: string[] = []
  #nextComments: string[] = []

  /** Opens the file for writing; throws a `CliError` when it cannot. `comment` describes the run. */
  constructor(file: string, host: HostName, comment: string) {
    this.#file = file
    this.#host = host
    this.#descriptor = attempt(`write the capture to ${file}`, () => openSync(file, 'w'), {
      EISDIR: 'expected a file in it, such as ' + join(file, 'run.pcapng'),
      ENOENT: 'the folder must exist',
    })
    this.#writer = new PcapngWriter((block) => this.#write(block), { comment })
    this.#interface = this.#writer.addInterface({ linkType: 'raw', name: host })
  }

  /** For the stack of `host`; packets are taken at the host of the capture alone. */
  observer(host: HostName, clock: () => number): Observer {
    const stateChanged: Observer['stateChanged'] = (_tcb, from, to, cause) => {
      const comment = `${host} at ${formatTime(clock())}: ${stateNames[from]} → ${stateNames[to]} (${causeNames[cause]})`
      const belongsToNext = this.#heldLength === 0 || (host === this.#host && own.includes(cause))
      ;(belongsToNext ? this.#nextComments : this.#heldComments).push(comment)
    }
    if (host !== this.#host) return { stateChanged }
    const packet: Observer['packetIn'] = (_interface, bytes, start, end, now) => this.#packet(bytes, start, end, now)
    return { packetIn: packet, packetOut: packet, stateChanged }
  }

  #packet(bytes: Uint8Array, start: number, end: number, now: number): void {
    this.#flushHeld()
    this.#held.set(bytes.subarray(start, end))
    this.#heldLength = end - start
    this.#heldAt = now
    this.#heldComments = this.#nextComments
    this.#nextComments = []
  }

  #flushHeld(): void {
    if (this.#heldLength === 0) return
    const comment = this.#heldComments.length > 0 ? this.#heldComments.join('\n') : undefined
    this.#writer.packet(this.#interface, this.#heldAt, this.#held, 0, this.#heldLength, comment)
    this.#packets++
    this.#heldLength = 0
  }

  #write(block: Uint8Array): void {
    if (this.#batched + block.length > BATCH) this.#flushBatch()
    this.#batch.set(block, this.#batched)
    this.#batched += block.length
    this.#bytes += block.length
  }

  #flushBatch(): void {
    this.#digest.update(this.#batch.subarray(0, this.#batched))
    for (let at = 0; at < this.#batched;) at += writeSync(this.#descriptor, this.#batch, at, this.#batched - at)
    this.#batched = 0
  }

  /** Writes what is left and closes the file. */
  close(): CaptureSummary {
    this.#heldComments.push(...this.#nextComments)
    this.#flushHeld()
    this.#flushBatch()
    closeSync(this.#descriptor)
    return { file: this.#file, packets: this.#packets, bytes: this.#bytes, sha256: this.#digest.digest('hex') }
  }
}
