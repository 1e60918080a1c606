import process from 'node:process'

/** Exit code for arguments that make no sense. */
const USAGE_ERROR = 2

/** Arguments that make no sense: `command` says so in one line and ends. */
export class UsageError extends Error {}

/** The number that an option was given. Throws `UsageError` unless it is an integer of `least` or more. */
export function atLeast(text: string, option: string, least: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) throw new UsageError(`${option} is '${text}', expected an integer of ${least} or more`)
  return value
}

/** Runs a command with the arguments of the process. */
export async function command(main: (args: string[]) => Promise<void>): Promise<void> {
  try {
    await main(process.argv.slice(2))
  } catch (error) {
    const code = (error as { code?: unknown }).code
    const misused = error instanceof UsageError || (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS'))
    if (!misused) throw error
    console.error((error as Error).message)
    process.exitCode = USAGE_ERROR
  }
}
