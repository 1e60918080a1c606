import { FULL_OFFLOAD, SEGMENTATION_OFFLOAD } from '@layerfour/link'
import type { TimedBenchmark } from '../benchmark.ts'
import { streamBound } from '../loads/bounds.ts'
import { layerfourOneWay } from '../loads/layerfour-one-way.ts'
import { nodeNetOneWay } from '../loads/node-net-one-way.ts'

/** Text bytes of a segment at MTU 1500, with timestamps. */
const SEGMENT = 1448
/** What fits into a segment of 64 KiB. */
const LARGE_SEGMENT = 65_483

const bound = {
  js: 'only copies and checksums, MTU 1500, JS kernels',
  wasm: 'only copies and checksums, MTU 1500, WASM kernels',
  offload: 'only copies, MTU 1500',
  large: 'only copies, 64 KiB segments',
}

export const tcpOneWay: TimedBenchmark = {
  kind: 'timed',
  group: 'speed',
  name: 'tcp-one-way',
  title: 'TCP, one connection, one way, 64 KiB writes',
  unit: 'MB/s',
  scale: 1e6,
  contenders: [
    { name: 'layerfour, MTU 1500, JS kernels', bound: bound.js, open: () => layerfourOneWay({ mtu: 1500, kernels: 'js' }) },
    { name: 'layerfour, MTU 1500, WASM kernels', bound: bound.wasm, open: () => layerfourOneWay({ mtu: 1500, kernels: 'wasm' }) },
    {
      name: 'layerfour, MTU 1500, checksum offload', bound: bound.offload,
      open: () => layerfourOneWay({ mtu: 1500, offload: FULL_OFFLOAD }),
    },
    {
      name: 'layerfour, MTU 1500, segmentation offload', bound: bound.large,
      open: () => layerfourOneWay({ mtu: 1500, offload: SEGMENTATION_OFFLOAD }),
    },
    {
      name: 'layerfour, 64 KiB segments, checksum offload', bound: bound.large,
      open: () => layerfourOneWay({ mtu: 65_535, offload: FULL_OFFLOAD }),
    },
    { name: 'node:net', needs: 'kernel sockets', open: nodeNetOneWay },
    { name: bound.js, open: () => streamBound({ segment: SEGMENT, checksums: true, kernels: 'js' }) },
    { name: bound.wasm, open: () => streamBound({ segment: SEGMENT, checksums: true, kernels: 'wasm' }) },
    { name: bound.offload, open: () => streamBound({ segment: SEGMENT, checksums: false, kernels: 'js' }) },
    { name: bound.large, open: () => streamBound({ segment: LARGE_SEGMENT, checksums: false, kernels: 'js' }) },
  ],
  baseline: 'node:net',
}
