import process from 'node:process'
import { SkipReporter } from './skip-reporter.ts'

/**
 * What every run reports to: the terminal, what was skipped and why, and the file LAYERFOUR_REPORT as JSON, which CI adds up.
 * `home`: in this run every test must be possible (see SkipReporter).
 */
export function reporters(home: boolean): ('default' | SkipReporter | ['json', { outputFile: string }])[] {
  const file = process.env['LAYERFOUR_REPORT']
  return ['default', new SkipReporter(home), ...(file ? [['json', { outputFile: file }] as ['json', { outputFile: string }]] : [])]
}
