import type { IpAddress, MutableIpAddress } from '@layerfour/wire'
import { copyIpAddress, createIpAddress, formatIpAddress, ipAddressEquals } from '@layerfour/wire'
import { toIpAddress } from './socket-address.ts'

/** Addresses as text and back, where the last one is asked for again and again: writing or reading one takes longer than a datagram. */
export class LastAddress {
  readonly #written: MutableIpAddress = createIpAddress()
  #text: string | undefined
  #read: IpAddress | undefined
  #readFrom: string | undefined

  /** As `formatIpAddress`. */
  textOf(address: IpAddress): string {
    if (this.#text !== undefined && ipAddressEquals(address, this.#written)) return this.#text
    copyIpAddress(address, this.#written)
    this.#text = formatIpAddress(address)
    return this.#text
  }

  /** As `toIpAddress`. */
  addressOf(text: string): IpAddress | undefined {
    if (text === this.#readFrom) return this.#read
    this.#read = toIpAddress(text)
    this.#readFrom = text
    return this.#read
  }
}
