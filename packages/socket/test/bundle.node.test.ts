import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { build } from 'vite'

/** The modules that a bundler keeps of a program that imports `names` from the package. */
async function bundled(names: string): Promise<string[]> {
  const entry = 'the-program'
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url))
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['@layerfour/source'] },
    build: { write: false, minify: false, modulePreload: false, rolldownOptions: { input: entry } },
    plugins: [{
      name: 'program',
      resolveId: (id) => (id === entry ? id : undefined),
      load: (id) => (id === entry ? `import { ${names} } from ${JSON.stringify(index)}\nglobalThis.kept = [${names}]` : undefined),
    }],
  })
  const chunks = (Array.isArray(output) ? output : [output]).flatMap((result) => ('output' in result ? result.output : []))
  return chunks.flatMap((chunk) => (chunk.type === 'chunk' ? Object.entries(chunk.modules) : []))
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([id]) => id.replaceAll('\\', '/').replace(/^.*\/packages\//, ''))
}

test('who names udp() alone bundles no TCP, no congestion control, no capture file writer, no simulation', async () => {
  const modules = await bundled('Stack, udp, runRealTime')
  expect(modules).toContain('socket/src/udp/udp-socket.ts')
  expect(modules.filter((id) => /^(tcp|flow|pcap|sim)\/|^socket\/src\/(tcp\/|_byte|run-virtual|record)/.test(id))).toEqual([])
})

test('who names tcp() alone bundles no UDP sockets', async () => {
  const modules = await bundled('Stack, tcp, runRealTime')
  expect(modules).toContain('tcp/src/tcp.ts')
  expect(modules.filter((id) => /^(udp|pcap|sim)\/|^socket\/src\/udp\//.test(id))).toEqual([])
})

test('who names tcp() alone bundles CUBIC and no other congestion control', async () => {
  const modules = await bundled('Stack, tcp, runRealTime')
  const congestion = modules.filter((id) => id.startsWith('flow/src/congestion/')).map((id) => id.slice(20, -3)).sort()
  expect(congestion).toEqual(['_cube-root', '_window', 'congestion-control', 'cubic', 'hystart'])
})

test('who names StackCore and udpBase() bundles no facade, no snapshots, no IPv6, no Ethernet', async () => {
  const modules = await bundled('StackCore, udpBase')
  expect(modules).toContain('socket/src/udp/udp-socket.ts')
  expect(modules.filter((id) => /^(tcp|flow|pcap|sim|link)\/|^ip\/src\/[^l]|snapshot|datagram\.ts|kernels|wait-queue/.test(id))).toEqual([])
})

test('who names tcpBase() too bundles no facade and no snapshots', async () => {
  const modules = await bundled('StackCore, udpBase, tcpBase')
  expect(modules).toContain('socket/src/tcp/tcp-socket.ts')
  expect(modules.filter((id) => /^(pcap|sim|link)\/|snapshot|tcp-connection|listener\.ts|_byte-streams|wait-queue/.test(id))).toEqual([
    'tcp/src/listener.ts',
  ])
})
