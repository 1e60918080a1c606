import { createLossRecovery, releaseSentQueue } from '@layerfour/flow'
import type { TcpContext } from './context.ts'
import { controlOf } from './control.ts'
import type { State } from './state-machine.ts'
import type { Tcb } from './tcb.ts'

/*
 * A quiet connection's block in some 200 bytes instead of 3 KiB. Blocks of one TCP are much alike: of some 250 numbers about thirty
 * differ. So a few whole blocks are kept as models, and of each parked one what differs from its model: as bytes in a string,
 * the one kind of plain data that takes no more memory than its bytes.
 *
 * A record is: the number of its model, the state, then for each number or flag that differs a gap and a type in one number, and
 * a value. The gap is how many members, in the order of the model, are equal in between.
 */

/** Models that one TCP keeps, 5 KiB each: blocks take different shapes, as in what loss recovery they needed. */
const MAX_MODELS = 64
/** Longest record in bytes; a congestion control with more state than that keeps its connections awake. */
const MAX_RECORD = 4096

/** How a value stands in a record. */
const Kind = { False: 0, True: 1, Undefined: 2, Null: 3, Byte: 4, Int32: 5, Double: 6 } as const
const KIND_BITS = 3

type Plain = Record<string, unknown>

/** An object of a model: its members, and for those that are objects of their own what these are made of. */
interface Part {
  readonly names: readonly string[]
  readonly model: Plain
  /** The members of `model`. */
  readonly values: readonly unknown[]
  readonly isArray: boolean
  /** None of them has members of its own. */
  readonly isFlat: boolean
  /** Undefined for numbers and flags, and for objects that all connections share. */
  readonly parts: readonly (Part | undefined)[]
}

/** Turns the blocks of one TCP to records and back. */
export class ParkedBlocks {
  private readonly context: TcpContext
  private readonly models: Part[] = []
  /** The record that is being written or read. */
  private readonly bytes: Uint8Array = new Uint8Array(MAX_RECORD + 16)
  private at = 0
  private readonly double: Float64Array = new Float64Array(1)
  private readonly doubleBytes: Uint8Array = new Uint8Array(this.double.buffer)
  /** Writing: equal members since the last entry. Reading: equal members until the next one. */
  private gap = 0
  private kind: number = Kind.False
  private text = ''

  constructor(context: TcpContext) {
    this.context = context
  }

  /** The record of a block with nothing in its rings and queues; '' when there is no model for its shape and no room for one more. */
  park(tcb: Tcb): string {
    releaseSentQueue(tcb.recovery.sent)
    tcb.recovery.sent.steps = 0
    tcb.reassembly = undefined
    const { models } = this
    for (let index = 0; index < models.length; index++) {
      if (this.write(index, tcb)) return this.take()
    }
    if (models.length === MAX_MODELS) return ''
    const model = makePart(tcb as unknown as Plain, freshParts(this.context, tcb))
    if (model === undefined) return ''
    models.push(model)
    return this.write(models.length - 1, tcb) ? this.take() : ''
  }

  /** The block that a record was made of. */
  thaw(record: string): Tcb {
    this.text = record
    this.at = 2
    this.readHead()
    return this.read(this.models[record.charCodeAt(0)]!) as unknown as Tcb
  }

  private write(index: number, tcb: Tcb): boolean {
    this.bytes[0] = index
    this.bytes[1] = tcb.state
    this.at = 2
    this.gap = 0
    return this.writePart(this.models[index]!, tcb as unknown as Plain) && this.at <= MAX_RECORD
  }

  private take(): string {
    const codes: ArrayLike<number> = this.bytes.subarray(0, this.at)
    return Reflect.apply(String.fromCharCode, undefined, codes) as string
  }

  /** False when `object` is not of the model's shape. */
  private writePart({ names, values, parts }: Part, object: Plain): boolean {
    let index = 0
    // Engines find members fastest while they count them up; plain objects inherit none.
    for (const name in object) {
      if (names[index] !== name) return false
      const value = object[name]
      const known = values[index]
      const part = parts[index++]
      if (part !== undefined) {
        if (typeof value !== 'object' || value === null || Array.isArray(value) !== part.isArray) return false
        if (!this.writePart(part, value as Plain)) return false
      } else if (value === known) {
        this.gap++
      } else if (typeof known === 'object' && known !== null) {
        return false
      } else if (!this.writeValue(value)) {
        return false
      }
    }
    return index === names.length
  }

  private writeValue(value: unknown): boolean {
    if (this.at > MAX_RECORD) return false
    if (value === false) this.writeHead(Kind.False)
    else if (value === true) this.writeHead(Kind.True)
    else if (value === undefined) this.writeHead(Kind.Undefined)
    else if (value === null) this.writeHead(Kind.Null)
    else if (typeof value === 'number') this.writeNumber(value)
    else return false
    return true
  }

  private writeNumber(value: number): void {
    const { bytes } = this
    const integer = value | 0
    if (!Object.is(integer, value)) {
      this.writeHead(Kind.Double)
      this.double[0] = value
      bytes.set(this.doubleBytes, this.at)
      this.at += 8
    } else if (integer >= 0 && integer <= 0xff) {
      this.writeHead(Kind.Byte)
      bytes[this.at++] = integer
    } else {
      this.writeHead(Kind.Int32)
      bytes[this.at++] = integer
      bytes[this.at++] = integer >> 8
      bytes[this.at++] = integer >> 16
      bytes[this.at++] = integer >> 24
    }
  }

  /** Gap and kind, seven bits a byte, the lowest first. */
  private writeHead(kind: number): void {
    let head = this.gap << KIND_BITS | kind
    this.gap = 0
    while (head > 0x7f) {
      this.bytes[this.at++] = head & 0x7f | 0x80
      head >>= 7
    }
    this.bytes[this.at++] = head
  }

  private readHead(): void {
    const { text } = this
    if (this.at === text.length) {
      this.gap = -1
      return
    }
    let head = 0
    for (let shift = 0; ; shift += 7) {
      const byte = text.charCodeAt(this.at++)
      head |= (byte & 0x7f) << shift
      if (byte <= 0x7f) break
    }
    this.gap = head >> KIND_BITS
    this.kind = head & ((1 << KIND_BITS) - 1)
  }

  private read({ names, model, parts, isArray, isFlat }: Part): Plain {
    // A copy by spreading has the hidden class of the original, so that what runs on such blocks stays as fast.
    const object: Plain = isArray ? (model as unknown as unknown[]).slice() as unknown as Plain : { ...model }
    const { length } = names
    if (isFlat && (this.gap < 0 || this.gap >= length)) {
      this.gap -= length
      return object
    }
    for (let index = 0; index < length; index++) {
      const part = parts[index]
      if (part !== undefined) {
        object[names[index]!] = this.read(part)
      } else if (this.gap !== 0) {
        this.gap--
      } else {
        object[names[index]!] = this.readValue()
        this.readHead()
      }
    }
    return object
  }

  private readValue(): number | boolean | undefined | null {
    const { text } = this
    switch (this.kind) {
      case Kind.False: return false
      case Kind.True: return true
      case Kind.Undefined: return undefined
      case Kind.Null: return null
      case Kind.Byte: return text.charCodeAt(this.at++)
      case Kind.Int32: {
        const at = this.at
        this.at += 4
        return text.charCodeAt(at) | text.charCodeAt(at + 1) << 8 | text.charCodeAt(at + 2) << 16 | text.charCodeAt(at + 3) << 24
      }
      default:
        for (let index = 0; index < 8; index++) this.doubleBytes[index] = text.charCodeAt(this.at++)
        return this.double[0]!
    }
  }
}

/** The state of a parked connection. */
export function stateOfRecord(record: string): State {
  return record.charCodeAt(1) as State
}

/** Parts as they are before anything happened: what a block still has of them by identity, all connections share. */
function freshParts(context: TcpContext, tcb: Tcb): Plain {
  return { settings: context.settings, recovery: createLossRecovery(), congestion: controlOf(context, tcb).create(tcb.negotiated.mss) }
}

/** A model of `object`; undefined when there is more in it than numbers, flags, text, plain objects and arrays of these. */
function makePart(object: Plain, fresh: Plain | undefined): Part | undefined {
  const isArray = Array.isArray(object)
  const prototype: unknown = Object.getPrototypeOf(object)
  if (!isArray && prototype !== Object.prototype && prototype !== null) return undefined
  const names = Object.keys(object)
  const model = isArray ? (object as unknown as unknown[]).slice() as unknown as Plain : { ...object }
  const parts: (Part | undefined)[] = []
  for (const name of names) {
    const value = object[name]
    const shared = value === fresh?.[name]
    if (typeof value === 'object' && value !== null && !shared) {
      const part = makePart(value as Plain, fresh?.[name] as Plain | undefined)
      if (part === undefined) return undefined
      parts.push(part)
    } else {
      parts.push(undefined)
    }
  }
  return { names, model, values: names.map((name) => object[name]), isArray, isFlat: parts.every((part) => part === undefined), parts }
}
