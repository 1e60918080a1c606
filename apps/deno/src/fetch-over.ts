import type { Stack } from '@layerfour/socket'
import { HttpClient } from './http-client.ts'

const clients = new WeakMap<Stack, HttpClient>()

/** The client that `fetchOver` uses for a stack. */
export function clientOf(stack: Stack): HttpClient {
  let client = clients.get(stack)
  if (client === undefined) {
    client = new HttpClient(stack)
    clients.set(stack, client)
  }
  return client
}

/**
 * `fetch` over a stack: `await fetchOver(stack, 'http://10.0.0.2/')`. As `HttpClient.fetch`; connections are kept for the next request
 * to the same server, and `clientOf(stack).close()` ends those.
 */
export function fetchOver(stack: Stack, input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  return clientOf(stack).fetch(input, init)
}
