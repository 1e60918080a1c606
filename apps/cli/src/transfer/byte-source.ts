import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fillChargen } from '../chargen.ts'
import { attempt, CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'

/** Where the bytes of a transfer come from. Read synchronously: in virtual time nothing may wait for the disk. */
export interface ByteSource {
  /** What people call it. */
  readonly name: string
  /** In bytes; undefined when only the end will tell. */
  readonly size: number | undefined
  /** Fills `into` as far as there are bytes; 0 is the end. */
  read(into: Uint8Array): number
  close(): void
}

/** The repository's sample. Sources run in the repository only; an installed `l4` is a bundle and has no sample beside it. */
const sample = import.meta.url.endsWith('.ts') ? fileURLToPath(new URL('../../../../samples/chargen.txt', import.meta.url)) : ''
const sampleSize = 10 * 2 ** 20

/** A file, or as many bytes as asked for of the RFC 864 pattern, or by default the repository's 10 MiB of it. */
export function openSource(file: string | undefined, size: number | undefined): ByteSource {
  if (file !== undefined) return openFile(file, file)
  if (size === undefined && existsSync(sample)) return openFile(sample, 'samples/chargen.txt')
  return pattern(size ?? sampleSize)
}

function openFile(path: string, name: string): ByteSource {
  const descriptor = attempt(`read ${path}`, () => openSync(path, 'r'), {
    ENOENT: 'without FILE, or with --size 1MiB, `l4 transfer` sends bytes of its own',
  })
  const status = fstatSync(descriptor)
  if (status.isDirectory()) {
    closeSync(descriptor)
    throw new CliError(`cannot read ${path}: it is a directory, expected a file`, ExitCode.Io)
  }
  return {
    name,
    size: status.isFile() ? status.size : undefined,
    read: (into) => readSync(descriptor, into, 0, into.length, null),
    close: () => closeSync(descriptor),
  }
}

function pattern(size: number): ByteSource {
  let offset = 0
  return {
    name: 'RFC 864 pattern',
    size,
    read(into) {
      const count = Math.min(into.length, size - offset)
      fillChargen(into, 0, count, offset)
      offset += count
      return count
    },
    close: () => undefined,
  }
}
