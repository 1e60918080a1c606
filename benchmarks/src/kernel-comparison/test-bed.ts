import { Namespace } from '../../../tests/kernel/_namespace.ts'
import { RECEIVER_ADDRESS, SENDER_ADDRESS, STACK_NETWORK } from './addresses.ts'
import type { EmulatorCommands, EmulatorReport } from './programs/emulator.ts'
import type { Received, ReceiverCommands } from './programs/receiver.ts'
import type { SenderCommands, SenderReport } from './programs/sender.ts'
import type { Scenario } from './scenarios.ts'
import { Service } from './service.ts'

export type SenderName = 'kernel' | 'layerfour'

/** What one connection did. */
export interface Run {
  readonly received: Received
  readonly sender: SenderReport
  readonly path: EmulatorReport
  /** Packets that the kernel dropped at the interfaces, where none should be: a figure above zero spoils the comparison. */
  readonly strayDrops: number
}

const programs = {
  emulator: new URL('./programs/emulator.ts', import.meta.url),
  receiver: new URL('./programs/receiver.ts', import.meta.url),
  kernelSender: new URL('./programs/kernel-sender.ts', import.meta.url),
  stackSender: new URL('./programs/stack-sender.ts', import.meta.url),
}

/** The kernel's. */
const CONGESTION_CONTROL = 'cubic'
/**
 * All programs run before whatever else the machine does, the path before its users. (The kernel's TCP does its work when packets
 * come, which is in the emulator's time: a sender of ours that waited for a CPU would have a handicap.) From the start, so that it
 * holds for all threads: an emulator that waits for its garbage collector is late as well.
 */
const PATH_PRIORITY = ['chrt', '--rr', '2']
const HOST_PRIORITY = ['chrt', '--rr', '1']
/** How long after the end of its time the receiver may answer, in ms. */
const PATIENCE = 15_000

/**
 * Three hosts and the path between them. Each of the two senders sends through the same interface into the same emulated link, to the
 * same receiver:
 *
 *     sender namespace                              emulator's namespace          receiver namespace
 *     kernel's TCP ───────────────────┐
 *     our stack ── l4s ── forwarding ─┴── l4a ────── EmulatedLink ─────── l4b ──── kernel's TCP
 */
export class TestBed {
  readonly #hosts = { sender: new Namespace(), path: new Namespace(), receiver: new Namespace() }
  readonly #emulator = new Service<EmulatorCommands>(this.#hosts.path, programs.emulator, PATH_PRIORITY)
  readonly #receiver = new Service<ReceiverCommands>(this.#hosts.receiver, programs.receiver, HOST_PRIORITY)
  readonly #senders: Readonly<Record<SenderName, Service<SenderCommands>>> = {
    kernel: new Service<SenderCommands>(this.#hosts.sender, programs.kernelSender, HOST_PRIORITY),
    layerfour: new Service<SenderCommands>(this.#hosts.sender, programs.stackSender, HOST_PRIORITY),
  }
  #port = 0

  /** Call it once, first. */
  async open(): Promise<void> {
    const { sender, path, receiver } = this.#hosts
    // No router solicitations: each packet of the path is one of the connection's.
    for (const host of [sender, receiver]) await settings(host, { 'net.ipv6.conf.default.disable_ipv6': '1', 'net.ipv4.tcp_no_metrics_save': '1' })
    await settings(sender, { 'net.ipv4.ip_forward': '1', 'net.ipv4.tcp_wmem': '4096 16384 4194304' })
    await settings(receiver, { 'net.ipv4.tcp_rmem': '4096 131072 33554432' })
    const [a, b] = await this.#emulator.call('open')
    path.ip('link', 'set', a, 'netns', sender.name)
    path.ip('link', 'set', b, 'netns', receiver.name)
    sender.ip('address', 'add', `${SENDER_ADDRESS}/24`, 'dev', a)
    sender.ip('link', 'set', a, 'up')
    // By route, because a namespace's default can only be an algorithm that the whole machine allows to everybody.
    sender.ip('route', 'replace', RECEIVER_ADDRESS, 'dev', a, 'src', SENDER_ADDRESS, 'congctl', CONGESTION_CONTROL)
    receiver.ip('address', 'add', `${RECEIVER_ADDRESS}/24`, 'dev', b)
    receiver.ip('link', 'set', b, 'up')
    receiver.ip('route', 'add', STACK_NETWORK, 'dev', b)
    this.#port = await this.#receiver.call('listen')
    for (const sender of Object.values(this.#senders)) await sender.call('open')
  }

  /** One sender sends over the path of `scenario`, for `duration` ms. */
  async run(name: SenderName, scenario: Scenario, duration: number): Promise<Run> {
    const sender = this.#senders[name]
    const before = this.#drops()
    await this.#emulator.call('start', scenario)
    const receiving = this.#receiver.call('receive', duration)
    const [received] = await within(duration + PATIENCE, Promise.all([
      receiving, sender.call('send', { address: RECEIVER_ADDRESS, port: this.#port }),
    ]))
    const report = await sender.call('stop')
    if (name === 'kernel' && report.congestionControl !== CONGESTION_CONTROL) {
      throw new Error(`the kernel used ${report.congestionControl}, expected ${CONGESTION_CONTROL}`)
    }
    await this.#receiver.call('reset')
    const path = await this.#emulator.call('stop')
    return { received, sender: report, path, strayDrops: this.#drops() - before + path.refused }
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#hosts).map((host) => host.remove()))
  }

  #drops(): number {
    let sum = 0
    for (const host of [this.#hosts.sender, this.#hosts.receiver]) {
      const links = JSON.parse(host.ip('-s', '-j', 'link')) as { stats64: Record<'rx' | 'tx', { dropped: number }> }[]
      for (const { stats64: { rx, tx } } of links) sum += rx.dropped + tx.dropped
    }
    return sum
  }
}

async function settings(host: Namespace, values: Readonly<Record<string, string>>): Promise<void> {
  const { code, stderr } = await host.run(['sysctl', '-q', '-w', ...Object.entries(values).map(([name, value]) => `${name}=${value}`)])
  if (code !== 0) throw new Error(`sysctl failed: ${stderr}`)
}

async function within<T>(patience: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end of a run within ${patience} ms`)), patience)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
