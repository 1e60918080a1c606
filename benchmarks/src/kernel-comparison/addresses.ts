/** The emulated path joins these two: the kernel that sends or forwards, and the kernel that receives. */
export const SENDER_ADDRESS = '10.1.1.1'
export const RECEIVER_ADDRESS = '10.1.1.2'

/** Our stack is a host behind the sending kernel. */
export const STACK_NETWORK = '10.1.2.0/24'
export const STACK_GATEWAY = '10.1.2.1'
export const STACK_ADDRESS = '10.1.2.2'
export const STACK_INTERFACE = 'l4s'
