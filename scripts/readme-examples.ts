/**
 * The examples in README files: a ts block whose first line is `// example`, followed by a text
 * block with what it prints. A README that says something untrue fails `npm test`.
 */
export interface Example {
  /** Line of the README where the code begins, from 1. */
  readonly line: number
  readonly code: string
  readonly output: string
}

/** Examples of one README, in order. Throws when a block marked as an example has no text block after it. */
export function readmeExamples(markdown: string): Example[] {
  const examples: Example[] = []
  let pending: Omit<Example, 'output'> | undefined
  for (const block of fencedBlocks(markdown)) {
    if (pending) {
      if (block.info !== 'text') throw new Error(`line ${block.line}: a text block must follow the example of line ${pending.line}`)
      examples.push({ ...pending, output: block.content })
      pending = undefined
    } else if (block.info === 'ts' && block.content.startsWith('// example')) {
      pending = { line: block.line, code: block.content }
    }
  }
  if (pending) throw new Error(`line ${pending.line}: this example has no text block with its output`)
  return examples
}

interface Block {
  readonly line: number
  /** What follows the opening fence: the language. */
  readonly info: string
  readonly content: string
}

function* fencedBlocks(markdown: string): Generator<Block> {
  let open: { line: number, info: string, lines: string[] } | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    if (!line.startsWith('```')) open?.lines.push(line)
    else if (!open) open = { line: index + 2, info: line.slice(3).trim(), lines: [] }
    else {
      yield { line: open.line, info: open.info, content: open.lines.join('\n') }
      open = undefined
    }
  }
}
