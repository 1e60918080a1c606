export { openTun } from './tun-device.ts'
export type { TunDevice, TunMode, TunOptions } from './tun-device.ts'
export { TunError } from './tun-error.ts'
export { tunAvailable } from './tun-available.ts'
