/**
 * Greatest sample of the last few rounds, in constant memory: keeps the greatest and, among what came after it, the second
 * and third, which take its place when it grows too old (Kathleen Nichols' algorithm). What it returns is never above the true
 * maximum of the window and never below the newest sample. Plain data.
 */
export interface WindowedMaxFilter {
  max: number
  /** When `max` was seen, in the caller's unit of time. */
  maxAt: number
  second: number
  secondAt: number
  third: number
  thirdAt: number
}

export function createWindowedMaxFilter(): WindowedMaxFilter {
  const filter: WindowedMaxFilter = { max: NaN, maxAt: 0, second: NaN, secondAt: 0, third: NaN, thirdAt: 0 }
  filter.max = 0
  filter.second = 0
  filter.third = 0
  return filter
}

/**
 * Takes in a sample of time `at`, which never decreases, and returns the maximum over the times above `at - window`: a window of 2
 * holds this time and the one before.
 */
export function windowedMax(filter: WindowedMaxFilter, sample: number, at: number, window: number): number {
  if (sample >= filter.max || at - filter.thirdAt >= window) {
    filter.max = sample
    filter.maxAt = at
    setSecond(filter, sample, at)
    return sample
  }
  if (sample >= filter.second) setSecond(filter, sample, at)
  else if (sample >= filter.third) setThird(filter, sample, at)
  const age = at - filter.maxAt
  if (age >= window) {
    promote(filter, sample, at)
    if (at - filter.maxAt >= window) promote(filter, sample, at)
  } else if (filter.secondAt === filter.maxAt && age * 4 >= window) {
    // A quarter of the window passed without a second: take what there is, or nothing would be left when the greatest goes.
    setSecond(filter, sample, at)
  } else if (filter.thirdAt === filter.secondAt && age * 2 >= window) {
    setThird(filter, sample, at)
  }
  return filter.max
}

function promote(filter: WindowedMaxFilter, sample: number, at: number): void {
  filter.max = filter.second
  filter.maxAt = filter.secondAt
  filter.second = filter.third
  filter.secondAt = filter.thirdAt
  setThird(filter, sample, at)
}

function setSecond(filter: WindowedMaxFilter, sample: number, at: number): void {
  filter.second = sample
  filter.secondAt = at
  setThird(filter, sample, at)
}

function setThird(filter: WindowedMaxFilter, sample: number, at: number): void {
  filter.third = sample
  filter.thirdAt = at
}
