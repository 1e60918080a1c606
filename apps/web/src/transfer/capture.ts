import { PcapngWriter } from '@layerfour/pcap'
import type { Observer } from '@layerfour/socket'
import { causeNames, stateNames } from '@layerfour/tcp'
import type { Side } from './recording.ts'
import { sideNames } from './recording.ts'
import { settingsToHash } from './settings.ts'
import type { Settings } from './settings.ts'
import { Transfer } from './simulation.ts'

/** Instants between two chances for the page to draw. */
const SLICE = 500

/**
 * What passes host A's or B's interface during a whole transfer, as a pcapng file. The transfer is run once more for it:
 * the same settings give the same packets. State changes of that host stand beside the next packet as comments.
 */
export async function captureTransfer(settings: Settings, side: Side): Promise<Blob> {
  const blocks: Uint8Array<ArrayBuffer>[] = []
  const writer = new PcapngWriter((block) => blocks.push(Uint8Array.from(block)), {
    application: 'layerfour transport lab',
    comment: `Settings: ${settingsToHash(settings) || 'defaults'}`,
  })
  const port = writer.addInterface({ linkType: 'raw', name: `host ${sideNames[side]}` })
  let comments: string[] = []
  const packet = (_interface: number, bytes: Uint8Array, start: number, end: number, now: number): void => {
    writer.packet(port, now, bytes, start, end, comments.length > 0 ? comments.join('\n') : undefined)
    comments = []
  }
  const observer: Observer = {
    packetIn: packet,
    packetOut: packet,
    stateChanged: (_tcb, from, to, cause) => {
      comments.push(`${sideNames[side]}: ${stateNames[from]} → ${stateNames[to]} (${causeNames[cause]})`)
    },
  }
  const transfer = new Transfer(settings, side === 0 ? [observer, undefined] : [undefined, observer])
  while (transfer.run(SLICE)) await new Promise((resolve) => setTimeout(resolve))
  return new Blob(blocks, { type: 'application/x-pcapng' })
}
