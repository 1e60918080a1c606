import type { Benchmark } from '../benchmark.ts'
import { activeConnections } from './active-connections.ts'
import { allocation } from './allocation.ts'
import { bundleSize } from './bundle-size.ts'
import { churn } from './churn.ts'
import { copiesAndChecksums } from './copies-and-checksums.ts'
import { idleMemory, idleMemoryMany } from './idle-memory.ts'
import { idleNeighbours } from './idle-neighbours.ts'
import { segmentCost } from './segment-cost.ts'
import { segmentProfile } from './segment-profile.ts'
import { tcpOneWay } from './tcp-one-way.ts'
import { tcpOpenClose } from './tcp-open-close.ts'
import { tcpRequestResponse } from './tcp-request-response.ts'
import { timeWait, timeWaitMemory } from './time-wait.ts'
import { udpOneWay } from './udp-one-way.ts'
import { webStreams, webStreamsLarge } from './web-streams.ts'

export const benchmarks: readonly Benchmark[] = [
  tcpOneWay, tcpRequestResponse, idleNeighbours, tcpOpenClose, udpOneWay, webStreams, webStreamsLarge, copiesAndChecksums,
  segmentProfile, idleMemory, allocation, bundleSize,
  churn, activeConnections, segmentCost, timeWait, timeWaitMemory, idleMemoryMany,
]
