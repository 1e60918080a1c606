import { bbr, cubic, dctcp, fixedWindow, newReno, reno, tahoe, vegas } from '@layerfour/flow'
import type { CongestionControl } from '@layerfour/flow'

/** As `l4 transfer --congestion` calls them, which makes them part of the command that the page shows. */
export type CongestionName = 'cubic' | 'newreno' | 'reno' | 'tahoe' | 'vegas' | 'bbr' | 'dctcp' | 'fixed:10'

export const congestionControls: Readonly<Record<CongestionName, CongestionControl>> = {
  cubic, newreno: newReno, reno, tahoe, vegas, bbr, dctcp, 'fixed:10': fixedWindow(10),
}
