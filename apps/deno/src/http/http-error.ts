/** A message that is no HTTP, or more of it than we take; `status` is what a server answers. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  /** 400, 408, 413, 414, 431, 501 or 505. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
