/** For everything that may wait. */
export interface AbortOptions {
  /** Gives up waiting: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
}
