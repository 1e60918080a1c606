import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { typescript } from './_programs.ts'

const run = promisify(execFile)

it('a live connection with the kernel moves from Node to Deno in the middle of 50 MB, digests equal, and the kernel does not notice', async () => {
  const [command, ...words] = typescript('../../scripts/migrate-demo.ts')
  // Exit code 0, or this rejects with what was printed.
  const { stdout, stderr } = await run(command, words, { timeout: 55_000 })
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^Node \S+ +read 2\d{7} bytes, then wrote its ESTABLISHED connection/m)
  expect(stdout).toMatch(/^Deno \S+ +restored it/m)
  expect(stdout).toMatch(/^kernel +1 connection, from 10\.9\.0\.2:\d+, ended with no error;.* resets: 0$/m)
  const digests = [...stdout.matchAll(/^(?:sent|received) +sha256 ([0-9a-f]{64})$/gm)].map(([, digest]) => digest)
  expect(digests).toHaveLength(2)
  expect(digests[0]).toBe(digests[1])
})
