/**
 * The promise, or a rejection with what `onTimeout` gives when it has not settled after `ms`. `onTimeout` is to make sure that the
 * promise settles at last: whatever it still does goes unnoticed.
 */
export async function withPatience<T>(promise: Promise<T>, ms: number, onTimeout: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onTimeout()), ms)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
