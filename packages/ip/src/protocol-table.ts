import type { TransportProtocol } from './transport-protocol.ts'

/** The transport protocols on a layer, by IP protocol number. */
export class ProtocolTable {
  readonly list: TransportProtocol[] = []
  private readonly byNumber: (TransportProtocol | undefined)[] = new Array<TransportProtocol | undefined>(256).fill(undefined)

  /** @throws RangeError when the number is not one, or is taken. */
  register(transport: TransportProtocol): void {
    const { protocol } = transport
    if (!Number.isInteger(protocol) || protocol < 0 || protocol > 255) {
      throw new RangeError(`protocol number is ${protocol}, expected 0 to 255`)
    }
    if (this.byNumber[protocol] !== undefined) throw new RangeError(`protocol ${protocol} is registered already, expected it once`)
    this.byNumber[protocol] = transport
    this.list.push(transport)
  }

  get(protocol: number): TransportProtocol | undefined {
    return this.byNumber[protocol]
  }
}
