export interface DatagramOptions { readonly hostname?: string }
export class Datagram {}
