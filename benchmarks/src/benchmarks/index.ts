import type { Benchmark } from '../benchmark.ts'
import { allocation } from './allocation.ts'
import { tcpOneWay } from './tcp-one-way.ts'
import { tcpOpenClose } from './tcp-open-close.ts'
import { tcpRequestResponse } from './tcp-request-response.ts'
import { udpOneWay } from './udp-one-way.ts'

export const benchmarks: readonly Benchmark[] = [tcpOneWay, tcpRequestResponse, tcpOpenClose, udpOneWay, allocation]
