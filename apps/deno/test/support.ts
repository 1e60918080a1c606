import type { Connection } from '../src/http/connection.ts'
import { defaultLimits } from '../src/http/limits.ts'
import type { ServerSettings } from '../src/http/server-connection.ts'
import { ServerConnection } from '../src/http/server-connection.ts'

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

export function textOf(pieces: readonly Uint8Array[]): string {
  return pieces.map((piece) => String.fromCharCode(...piece)).join('')
}

/** A connection whose peer is a list of pieces: what it sends comes from there, what it receives goes to `written`. */
export class Scripted implements Connection {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
  readonly closed: Promise<void> = new Promise(() => undefined)
  readonly written: Uint8Array[] = []
  /** How it ended, if it did. */
  end: 'open' | 'closed' | 'aborted' = 'open'

  /** @param then what the peer does behind the last piece: it ends its direction, or waits for something. */
  constructor(pieces: readonly Uint8Array[], then: 'end' | 'wait' = 'end') {
    const left = [...pieces]
    this.readable = new ReadableStream({
      pull: (controller) => {
        const piece = left.shift()
        if (piece !== undefined) controller.enqueue(piece)
        else if (then === 'end') controller.close()
        else return new Promise(() => undefined)
      },
    }, { highWaterMark: 0 })
    this.writable = new WritableStream({ write: (piece) => void this.written.push(piece.slice()) })
  }

  get output(): string {
    return textOf(this.written)
  }

  close(): Promise<void> {
    if (this.end === 'open') this.end = 'closed'
    return Promise.resolve()
  }

  abort(): void {
    this.end = 'aborted'
  }
}

export type Handle = (request: Request) => Response | Promise<Response>

/** What a server answers to these bytes; dates are left out. */
export async function answers(
  input: string | readonly Uint8Array[], handle: Handle, settings: Partial<ServerSettings> = {}, then: 'end' | 'wait' = 'end',
): Promise<{ output: string, end: string }> {
  const pieces = typeof input === 'string' ? [bytesOf(input)] : input
  const connection = new Scripted(pieces, then)
  await new ServerConnection(connection, {
    limits: defaultLimits, idleTimeout: 30_000, authority: '10.0.0.2:80', handle,
    onError: (error) => new Response(`sorry: ${(error as Error).message}`, { status: 500 }), ...settings,
  }).run()
  return { output: connection.output.replaceAll(/date: [^\r]*\r\n/g, ''), end: connection.end }
}

/** Cuts bytes at the places that the numbers name. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.length)).filter((piece) => piece.length > 0)
}
