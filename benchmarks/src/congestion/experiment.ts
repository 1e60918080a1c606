/** A figure of the document: what one experiment found out. */
export interface Outcome {
  readonly tables: readonly ResultTable[]
  /** By file name, without directory. */
  readonly plots: readonly { readonly file: string, readonly title: string, readonly svg: string }[]
  readonly checks: readonly Check[]
}

export interface ResultTable {
  readonly title: string
  /** The header first; the first column is text, the others are figures. */
  readonly rows: readonly (readonly string[])[]
}

/** A line that the issue of congestion control has to show. */
export interface Check {
  readonly name: string
  readonly passed: boolean
  /** What was measured and what was wanted. */
  readonly figures: string
}

export interface Experiment {
  /** What `--only` takes. */
  readonly name: string
  readonly title: string
  /** What is done and how to read it: paragraphs of the document. */
  readonly method: string
  /** `quick`: fewer and shorter runs. */
  run(quick: boolean): Outcome
}

export function check(name: string, passed: boolean, figures: string): Check {
  return { name, passed, figures }
}
