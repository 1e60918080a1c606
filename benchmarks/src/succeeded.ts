import { errnoName } from '@layerfour/wire'

/** What a call of the base sockets gave, unless it failed: then it throws, for a benchmark must not go on. */
export function succeeded(result: number): number {
  if (result < 0) throw new Error(`a socket call failed: ${errnoName(result)}`)
  return result
}
