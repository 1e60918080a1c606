export class UdpSocket {}
