import { execFileSync } from 'node:child_process'
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'

/** Why a command cannot be run, or undefined when it can: for `optional()`. */
export function missingCommand(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return undefined
    } catch {
      // Not in this folder.
    }
  }
  return `no ${name} on PATH`
}

/** Chromium's executable: CHROME_PATH, or where Debian puts it. Undefined when neither is there. */
export function chromiumPath(): string | undefined {
  const path = process.env['CHROME_PATH'] ?? '/usr/bin/chromium'
  try {
    accessSync(path, constants.X_OK)
    return path
  } catch {
    return undefined
  }
}

/** Why no test host can be made of the Linux kernel (a network namespace with a TUN device), or undefined when it can. */
export function missingKernelHost(): string | undefined {
  if (process.platform !== 'linux') return `${process.platform} is not Linux`
  if (process.getuid?.() !== 0) return 'needs root'
  try {
    closeSync(openSync('/dev/net/tun', constants.O_RDWR))
  } catch (error) {
    return `/dev/net/tun: ${(error as NodeJS.ErrnoException).code}`
  }
  const command = missingCommand('ip')
  if (command) return command
  const namespace = `l4probe${process.pid}`
  try {
    execFileSync('ip', ['netns', 'add', namespace], { stdio: 'pipe' })
    execFileSync('ip', ['netns', 'del', namespace], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return `no network namespaces: ${String((error as { stderr?: unknown }).stderr).trim()}`
  }
}
