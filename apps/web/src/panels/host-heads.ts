import type { Recording, Side } from '../transfer/recording.ts'
import { sideNames, sides } from '../transfer/recording.ts'
import { hostAddresses } from '../transfer/simulation.ts'
import type { Settings } from '../transfer/settings.ts'
import { element } from '../dom.ts'
import { formatRate, formatSpan } from '../format.ts'

/** Above the ladder: who the hosts are, the state that each is in, and the link between them. */
export class HostHeads {
  readonly #states: readonly HTMLElement[]
  readonly #link: HTMLElement

  constructor(holder: HTMLElement) {
    this.#states = sides.map((side) => {
      return element('output', { className: 'state-chip', id: `state-${sideNames[side].toLowerCase()}` })
    })
    this.#link = element('p', { className: 'link-summary' })
    holder.append(this.#head(0), this.#link, this.#head(1))
  }

  #head(side: Side): HTMLElement {
    return element('div', { className: `host ${side === 0 ? 'a' : 'b'}` },
      element('h2', { textContent: `Host ${sideNames[side]}` }),
      element('span', { className: 'address', textContent: hostAddresses[side] }),
      this.#states[side]!)
  }

  load({ rate, delay, jitter, loss, reorder, duplicate, queue }: Settings): void {
    const parts = [
      rate === 0 ? 'no rate limit' : formatRate(rate * 1e6),
      `${formatSpan(delay)} each way`,
      jitter > 0 ? `${formatSpan(jitter)} jitter` : '',
      loss > 0 ? `${loss} % loss` : '',
      reorder > 0 ? `${reorder} % reordered` : '',
      duplicate > 0 ? `${duplicate} % twice` : '',
      queue < 100 ? `queue of ${queue}` : '',
    ]
    this.#link.textContent = parts.filter(Boolean).join(' · ')
  }

  show(recording: Recording, now: number): void {
    for (const side of sides) {
      const state = recording.stateAt(side, now)
      const chip = this.#states[side]!
      if (chip.textContent !== state) chip.textContent = state
      const broken = state === 'CLOSED' && recording.lastChange(side, now) !== undefined ? recording.errors[side] : undefined
      chip.title = broken ?? ''
      chip.dataset['error'] = broken ?? ''
    }
  }
}
