import { onesComplementSum } from '@layerfour/wire'
import type { Load } from '../benchmark.ts'
import { kernelMemory } from './kernel-memory.ts'

/*
 * What no stack in this process can do without: every byte is copied from the application into memory of the stack's (it may change its own
 * at once, and a lost segment is sent again), across the link, and to the other application; its checksum is computed and verified. These
 * loops do that with the same functions over the same memory, and nothing else: no headers, no state, no events.
 */

export interface BoundOptions {
  /** Text bytes in a segment or datagram. */
  readonly segment: number
  readonly checksums: boolean
  readonly kernels: 'js' | 'wasm'
}

const CHUNK = 65_536
/** Where the three buffers lie: the sender's, the receiver's, the application's own memory is elsewhere. */
const RECEIVER = CHUNK

/** 64 KiB writes and reads of a stream, cut into segments in between. Counts bytes. */
export function streamBound({ segment, checksums, kernels }: BoundOptions): Promise<Load> {
  const memory = kernelMemory(kernels, 2 * CHUNK)
  const received = memory.subarray(RECEIVER, 2 * CHUNK)
  const from = new Uint8Array(CHUNK).fill(0x5a)
  const into = new Uint8Array(CHUNK)
  const run = (amount: number): void => {
    for (let done = 0; done < amount; done += CHUNK) {
      memory.set(from, 0)
      for (let start = 0; start < CHUNK; start += segment) {
        const end = Math.min(start + segment, CHUNK)
        const sum = checksums ? onesComplementSum(memory, start, end) : 0
        memory.copyWithin(RECEIVER + start, start, end)
        if (checksums && onesComplementSum(memory, RECEIVER + start, RECEIVER + end) !== sum) throw new Error('a checksum is wrong')
      }
      into.set(received)
    }
  }
  return asLoad(run)
}

/** Messages one way, each copied and summed by itself. Counts messages. */
export function messageBound({ segment, checksums, kernels }: BoundOptions): Promise<Load> {
  const move = mover({ segment, checksums, kernels })
  return asLoad((amount) => {
    for (let done = 0; done < amount; done++) move()
  })
}

/** The same there and back, each of them in a microtask of its own, as a poll is. Counts there-and-backs. */
export function exchangeBound(options: BoundOptions): Promise<Load> {
  const move = mover(options)
  return Promise.resolve({
    run: (amount) => new Promise((resolve) => {
      let left = 2 * amount
      const turn = (): void => {
        move()
        if (--left > 0) queueMicrotask(turn)
        else resolve()
      }
      turn()
    }),
    close: () => undefined,
  })
}

/** Copies a message into one place of the memory, on to another, and out. */
function mover({ segment, checksums, kernels }: BoundOptions): () => void {
  const memory = kernelMemory(kernels, 2 * CHUNK)
  const received = memory.subarray(RECEIVER, RECEIVER + segment)
  const from = new Uint8Array(segment).fill(0x5a)
  const into = new Uint8Array(segment)
  return () => {
    memory.set(from, 0)
    const sum = checksums ? onesComplementSum(memory, 0, segment) : 0
    memory.copyWithin(RECEIVER, 0, segment)
    if (checksums && onesComplementSum(memory, RECEIVER, RECEIVER + segment) !== sum) throw new Error('a checksum is wrong')
    into.set(received)
  }
}

function asLoad(run: (amount: number) => void): Promise<Load> {
  return Promise.resolve({
    run: (amount) => {
      run(amount)
      return Promise.resolve()
    },
    close: () => undefined,
  })
}
