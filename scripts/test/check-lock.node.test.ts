import { expect, test } from 'vitest'
import { type LockFile, lockProblems, resolveEntry } from '../check-lock.ts'

const integrity = 'sha512-AAAA'
const lock: LockFile = {
  packages: {
    '': { dependencies: { a: '^1.0.0' } },
    'packages/x': { dependencies: { b: '^2.0.0' } },
    'packages/x/node_modules/b': { version: '2.0.0', integrity },
    'node_modules/x': { resolved: 'packages/x', link: true },
    'node_modules/a': { version: '1.0.0', integrity, dependencies: { b: '^1.0.0', c: '^1.0.0' } },
    'node_modules/a/node_modules/c': { version: '1.0.0', integrity, dependencies: { b: '^1.0.0' } },
    'node_modules/b': { version: '1.0.0', integrity },
  },
}
const withEntry = (path: string, entry: LockFile['packages'][string]): LockFile => ({ packages: { ...lock.packages, [path]: entry } })

test('a dependency resolves as Node would: nearest node_modules first', () => {
  expect(resolveEntry(lock, 'packages/x', 'b')).toBe('packages/x/node_modules/b')
  expect(resolveEntry(lock, 'packages/x', 'a')).toBe('node_modules/a')
  expect(resolveEntry(lock, 'node_modules/a', 'c')).toBe('node_modules/a/node_modules/c')
  expect(resolveEntry(lock, 'node_modules/a/node_modules/c', 'b')).toBe('node_modules/b')
  expect(resolveEntry(lock, '', 'c')).toBeUndefined()
})

test('a complete lock file has no problems', () => {
  expect(lockProblems(lock)).toEqual([])
})

test("another platform's binary without an entry is a problem", () => {
  const broken = withEntry('node_modules/b', { version: '1.0.0', integrity, optionalDependencies: { '@b/darwin-arm64': '1.0.0' } })
  expect(lockProblems(broken)).toEqual(['node_modules/b: optionalDependencies @b/darwin-arm64@1.0.0 has no entry'])
})

test('a host name is a problem, a workspace folder is none', () => {
  const broken = withEntry('node_modules/b', { version: '1.0.0', integrity, resolved: 'https://registry.example/b.tgz' })
  expect(lockProblems(broken)).toEqual(['node_modules/b: names the host it was fetched from, https://registry.example/b.tgz'])
})

test('an entry without a digest is a problem', () => {
  expect(lockProblems(withEntry('node_modules/b', { version: '1.0.0' }))).toEqual(['node_modules/b: without a digest (integrity)'])
})
