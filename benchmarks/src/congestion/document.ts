import type { Check, Experiment, Outcome, ResultTable } from './experiment.ts'

/** An experiment and what it found out. */
export interface Finding {
  readonly experiment: Experiment
  readonly outcome: Outcome
}

/** What `--json FILE` writes. */
export interface CongestionDocument {
  readonly schema: 1
  readonly quick: boolean
  readonly experiments: readonly {
    readonly name: string
    readonly title: string
    readonly tables: readonly ResultTable[]
    readonly checks: readonly Check[]
  }[]
}

export function congestionDocument(findings: readonly Finding[], quick: boolean): CongestionDocument {
  return {
    schema: 1, quick,
    experiments: findings.map(({ experiment: { name, title }, outcome: { tables, checks } }) => ({ name, title, tables, checks })),
  }
}

export function checkLine({ name, passed, figures }: Check): string {
  return `${passed ? 'PASS' : 'FAIL'}  ${name}\n      ${figures}`
}
