import type { IpAddress, MutableIpAddress } from '@layerfour/wire'
import { copyIpAddress, createIpAddress, formatIpAddress, ipAddressEquals } from '@layerfour/wire'

/** Addresses as text, where the last one is asked for again and again: writing one takes longer than a datagram. */
export class LastAddress {
  readonly #written: MutableIpAddress = createIpAddress()
  #text: string | undefined

  /** As `formatIpAddress`. */
  textOf(address: IpAddress): string {
    if (this.#text !== undefined && ipAddressEquals(address, this.#written)) return this.#text
    copyIpAddress(address, this.#written)
    this.#text = formatIpAddress(address)
    return this.#text
  }
}
