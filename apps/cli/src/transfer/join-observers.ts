import type { Observer } from '@layerfour/socket'

/** One observer that tells several. */
export function joinObservers(observers: readonly Observer[]): Observer {
  return {
    packetIn: (...packet) => observers.forEach((observer) => observer.packetIn?.(...packet)),
    packetOut: (...packet) => observers.forEach((observer) => observer.packetOut?.(...packet)),
    stateChanged: (...change) => observers.forEach((observer) => observer.stateChanged?.(...change)),
    congestion: (...news) => observers.forEach((observer) => observer.congestion?.(...news)),
    congestionTrace: (...news) => observers.forEach((observer) => observer.congestionTrace?.(...news)),
  }
}
