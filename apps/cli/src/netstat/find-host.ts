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
  const found = new Map<string, string>()
  for (const folder of controlFolders()) {
    for (const file of filesOf(folder)) {
      const host = file.slice(0, -SUFFIX.length)
      if (!file.endsWith(SUFFIX) || (name !== undefined && host !== name)) continue
      if (await answers(join(folder, file))) found.set(host, join(folder, file))
    }
  }
  const [only, ...others] = found
  if (only === undefined) {
    throw new CliError(`no ${name === undefined ? '' : `${name} among the hosts that run; `}host found: \`l4 host\` starts one`, ExitCode.NoHost)
  }
  if (others.length > 0) throw new CliError(`several hosts run, name one: ${[...found.keys()].join(', ')}`, ExitCode.Usage)
  return only[1]
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
