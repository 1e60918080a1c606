import { OPT_COMMENT, OPT_ENDOFOPT, padded } from './_format.ts'
import { readUtf8 } from './_utf8.ts'

/** One option: where its value lies in the file. */
export interface OptionPlace {
  readonly code: number
  readonly start: number
  readonly end: number
}

/** The options in `[start, end)`; undefined when one does not fit. Bytes after the end mark are not looked at. */
export function readOptions(view: DataView, start: number, end: number, littleEndian: boolean): OptionPlace[] | undefined {
  const options: OptionPlace[] = []
  // A list that ends without its mark is common, and allowed for an empty one.
  for (let at = start; at < end; ) {
    if (end - at < 4) return undefined
    const code = view.getUint16(at, littleEndian)
    const length = view.getUint16(at + 2, littleEndian)
    if (code === OPT_ENDOFOPT) break
    at += 4
    if (length > end - at) return undefined
    options.push({ code, start: at, end: at + length })
    at += padded(length)
  }
  return options
}

export function textOf(bytes: Uint8Array, options: readonly OptionPlace[], code: number): string | undefined {
  const option = options.find((candidate) => candidate.code === code)
  return option && readUtf8(bytes, option.start, option.end)
}

export function commentsOf(bytes: Uint8Array, options: readonly OptionPlace[]): string[] {
  return options.filter((option) => option.code === OPT_COMMENT).map((option) => readUtf8(bytes, option.start, option.end))
}
