export * from './drop-reason.ts'
export * from './ip-address.ts'
export * from './network-layer.ts'
