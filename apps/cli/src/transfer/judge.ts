import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
import type { TransferSummary } from './summary.ts'

/** Throws what went wrong with a transfer, as the exit code for it. */
export function judge({ errors, sha256, bytes, times }: Pick<TransferSummary, 'errors' | 'sha256' | 'bytes' | 'times'>): void {
  const broken = errors.client ?? errors.server
  if (broken !== null) throw new CliError(`the connection failed: ${broken}`, ExitCode.ConnectionFailed)
  if (times.received === null) throw new CliError('the connection failed: the server never saw its end', ExitCode.ConnectionFailed)
  if (!sha256.equal || bytes.sent !== bytes.received) {
    throw new CliError('what arrived is not what was sent: the digests differ', ExitCode.DigestMismatch)
  }
}
