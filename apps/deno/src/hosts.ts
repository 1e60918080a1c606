import { pair } from '@layerfour/link'
import { runRealTime, Stack, tcp } from '@layerfour/socket'

/** Two hosts in this process, joined back to back. */
export interface Hosts extends Disposable {
  /** 10.0.0.1 and fd00::1. */
  readonly client: Stack
  /** 10.0.0.2 and fd00::2. */
  readonly server: Stack
}

export function joinHosts(): Hosts {
  const [a, b] = pair()
  const host = (device: typeof a, number: 1 | 2): Stack => {
    const stack = new Stack({ protocols: [tcp()] })
    stack.addInterface(device, { addresses: [`10.0.0.${number}/24`, `fd00::${number}/64`] })
    return stack
  }
  const client = host(a, 1)
  const server = host(b, 2)
  const drivers = [runRealTime(client), runRealTime(server)]
  return {
    client,
    server,
    [Symbol.dispose]: () => {
      for (const driver of drivers) driver.stop()
      client.close()
      server.close()
    },
  }
}
