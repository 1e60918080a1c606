import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
import { controlFolders } from '../host/control-path.ts'
import { queryHost } from '../host/control-socket.ts'
import type { HostStats } from '../host/stats.ts'

const SUFFIX = '.sock'

/** The control socket of the running host called `name`, or of the only one that runs. */
export async function findHost(name: string | undefined): Promise<string> {
  const [only, ...others] = await runningHosts(name)
  if (only === undefined) throw new CliError(await describeAbsence(name), ExitCode.NoHost)
  if (others.length > 0) {
    throw new CliError(`several hosts run, name one: ${[only, ...others].map(([host]) => host).join(', ')}`, ExitCode.Usage)
  }
  return only[1]
}

async function describeAbsence(name: string | undefined): Promise<string> {
  const others = name === undefined ? [] : (await runningHosts(undefined)).map(([host]) => host)
  const what = name === undefined ? 'no host runs' : `no host called ${name} runs`
  return others.length > 0 ? `${what}; found: ${others.join(', ')}` : `${what}: \`l4 host\` starts one`
}

/** Names and control sockets of the hosts that answer: of all, or of the one called `name`. */
async function runningHosts(name: string | undefined): Promise<[name: string, path: string][]> {
  const found = new Map<string, string>()
  for (const folder of controlFolders()) {
    for (const file of filesOf(folder)) {
      const host = file.slice(0, -SUFFIX.length)
      if (!file.endsWith(SUFFIX) || (name !== undefined && host !== name)) continue
      if (await answers(join(folder, file))) found.set(host, join(folder, file))
    }
  }
  return [...found]
}

/** What the host there says. */
export async function askHost(path: string): Promise<HostStats> {
  const stats = await queryHost(path)
  if (stats === undefined) throw new CliError(`no host answers at ${path}`, ExitCode.NoHost)
  return stats
}

async function answers(path: string): Promise<boolean> {
  try {
    return await queryHost(path) !== undefined
  } catch {
    // Not a host, or not ours to ask.
    return false
  }
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
