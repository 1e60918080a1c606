import { bbr, type CongestionControl, cubic, dctcp, fixedWindow, newReno, reno, tahoe, vegas } from '../src/index.ts'

/** Every algorithm, for what must hold for all of them. */
export const algorithms: readonly CongestionControl[] = [
  fixedWindow(8), tahoe, reno, newReno, cubic, dctcp, vegas, bbr,
]
