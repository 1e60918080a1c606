/** Lines of a Markdown table: the header first. The first column is text, the others are figures, unless `rules` says otherwise. */
export function markdownTable(rows: readonly (readonly string[])[], rules?: readonly string[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const [header, ...body] = rows
  return [line(header!), line(rules ?? header!.map((_, column) => (column === 0 ? '---' : '---:'))), ...body.map(line)]
}
