/**
 * Our side of `npm run demo:migrate`, in Node or Deno, with a stack of its own on the TUN interface that is there already:
 *
 *     start INTERFACE PORT BYTES SNAPSHOT DOWNLOAD   connects to 10.9.0.1, reads BYTES, writes a snapshot, ends
 *     finish INTERFACE SNAPSHOT DOWNLOAD             restores the snapshot and reads to the end
 *
 * What is read is appended to the file DOWNLOAD. Prints one JSON object.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import type { StackSnapshot } from '@layerfour/socket'
import { decodeSnapshot, encodeSnapshot, runRealTime, Stack, tcp, TcpConnection } from '@layerfour/socket'
import { openTun } from '@layerfour/tun'

const runtime = 'Deno' in globalThis ? `Deno ${process.versions['deno']}` : `Node ${process.versions.node}`
const [command, name, ...words] = process.argv.slice(2) as [string, string, ...string[]]
const device = openTun({ name })
const stack = new Stack({ protocols: [tcp()] })
stack.addInterface(device, { addresses: ['10.9.0.2/24'] })
const driver = runRealTime(stack)

/** Appends what the peer sends to a file: up to its end, or a little more than `enough` bytes. */
async function download(connection: TcpConnection, path: string, enough: number): Promise<number> {
  const buffer = new Uint8Array(65_536)
  let length = 0
  while (length < enough) {
    const count = await connection.read(buffer)
    if (count === null) break
    appendFileSync(path, buffer.subarray(0, count))
    length += count
  }
  return length
}

async function start(port: string, enough: string, snapshotPath: string, downloadPath: string): Promise<object> {
  const connection = await stack.connect({ hostname: '10.9.0.1', port: Number(port) })
  const length = await download(connection, downloadPath, Number(enough))
  const { state } = connection.socket
  const snapshot = encodeSnapshot(stack.detach())
  writeFileSync(snapshotPath, snapshot)
  return { length, state, snapshot: snapshot.length }
}

async function finish(snapshotPath: string, downloadPath: string): Promise<object> {
  const [socket] = stack.restore(decodeSnapshot(readFileSync(snapshotPath)) as StackSnapshot)
  const connection = new TcpConnection(socket!)
  const length = await download(connection, downloadPath, Infinity)
  await connection.close()
  return { length, drops: stack.drops() }
}

try {
  const [first, second, third, fourth] = words as [string, string, string, string]
  const result = command === 'start' ? await start(first, second, third, fourth) : await finish(first, second)
  console.log(JSON.stringify({ runtime, ...result }))
} finally {
  stack.close()
  driver.stop()
  device.close()
}
