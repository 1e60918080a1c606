export interface Column {
  readonly title: string
  /** Default left. */
  readonly align?: 'left' | 'right'
  /** Colours a cell, after its width was measured. */
  readonly paint?: (text: string) => string
}

/** Lines of a table with a line of titles; columns are as wide as their widest cell and two spaces apart. */
export function formatTable(
  columns: readonly Column[], rows: readonly (readonly string[])[], paintTitle = (text: string): string => text,
): string[] {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  const line = (cells: readonly string[], paints: readonly (((text: string) => string) | undefined)[]): string => cells.map((cell, i) => {
    const width = widths[i]!
    const last = i === cells.length - 1
    const padded = columns[i]!.align === 'right' ? cell.padStart(width) : last ? cell : cell.padEnd(width)
    return paints[i]?.(padded) ?? padded
  }).join('  ').trimEnd()
  return [
    line(columns.map(({ title }) => title), columns.map(() => paintTitle)),
    ...rows.map((row) => line(row, columns.map(({ paint }) => paint))),
  ]
}
