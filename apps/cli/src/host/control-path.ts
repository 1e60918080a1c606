import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'

/**
 * Where running hosts have their control sockets, one `NAME.sock` each. What root runs is in
 * `/run/layerfour`, where everybody can look at it; other users have a folder of their own.
 */
const shared = '/run/layerfour'

function ownFolder(): string {
  const runtime = process.env['XDG_RUNTIME_DIR']
  return runtime ? join(runtime, 'layerfour') : join(tmpdir(), `layerfour-${process.getuid?.() ?? 'user'}`)
}

/** Folders in which a host may be found. */
export function controlFolders(): string[] {
  return [...new Set([shared, ownFolder()])]
}

/** The path for a new host's control socket; makes its folder. */
export function makeControlPath(name: string): string {
  const isRoot = process.getuid?.() === 0
  const folder = isRoot ? shared : ownFolder()
  mkdirSync(folder, { recursive: true, mode: isRoot ? 0o755 : 0o700 })
  // In a folder that all may write to, somebody else may have been first.
  const status = lstatSync(folder)
  if (!status.isDirectory() || status.uid !== process.getuid?.()) {
    throw new CliError(`${folder} is not a folder of this user; choose a path with --control`, ExitCode.Io)
  }
  return join(folder, `${name}.sock`)
}
