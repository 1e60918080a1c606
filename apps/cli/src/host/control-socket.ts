import { chmodSync, rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { connect, createServer } from 'node:net'
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
import type { HostStats } from './stats.ts'

/** How long a host may take to answer, in ms. */
const PATIENCE = 2000
/** A Unix socket's path is this long at most, in bytes, or the kernel cuts it. */
const LONGEST_PATH = 107

export interface ControlSocket {
  readonly path: string
  close(): Promise<void>
}

/**
 * Answers everyone who connects to the Unix socket at `path` with the statistics as one JSON object, and
 * closes. Nothing can be changed there, so it is open to all users.
 */
export async function openControlSocket(path: string, stats: () => HostStats): Promise<ControlSocket> {
  checkControlPath(path)
  if (await queryHost(path) !== undefined) {
    throw new CliError(`another host answers at ${path}; choose another path with --control`, ExitCode.Io)
  }
  rmSync(path, { force: true })
  const server = createServer((client) => {
    client.on('error', () => undefined)
    client.end(`${JSON.stringify(stats())}\n`)
  })
  await listening(server, path)
  chmodSync(path, 0o666)
  return {
    path,
    close: () => new Promise((resolve) => server.close(() => {
      rmSync(path, { force: true })
      resolve()
    })),
  }
}

/** What the host at `path` says; undefined when none is there. Rejects with the system's error for anything else. */
export function queryHost(path: string): Promise<HostStats | undefined> {
  checkControlPath(path)
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(path)
    socket.setEncoding('utf8')
    socket.setTimeout(PATIENCE, () => socket.destroy(new CliError(`the host at ${path} does not answer`, ExitCode.Io)))
    socket.on('data', (part: string) => { text += part })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined)
      else reject(error)
    })
    socket.on('end', () => {
      try {
        resolve(JSON.parse(text) as HostStats)
      } catch {
        reject(new CliError(`what answers at ${path} is no l4 host`, ExitCode.Io))
      }
    })
  })
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}

/** Throws a usage error for a path that no Unix socket can have. */
export function checkControlPath(path: string): void {
  if (path === '') throw new CliError('control path is empty, expected that of a Unix socket', ExitCode.Usage)
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new CliError(`control path ${path} has ${Buffer.byteLength(path)} bytes, expected at most ${LONGEST_PATH}`, ExitCode.Usage)
  }
}
