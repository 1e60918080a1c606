import { expect, test } from 'vitest'
import { contentProblems } from '../check-packages.ts'

const manifest = {
  name: '@layerfour/x',
  version: '1.0.0',
  exports: {
    '.': { '@layerfour/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
}
const files = ['package.json', 'README.md', 'LICENSE', 'src/index.ts', 'dist/index.d.ts', 'dist/index.js']

test('a tarball with sources, build, README and licence is good', () => {
  expect(contentProblems(manifest, files)).toEqual([])
})

test.each(['LICENSE', 'README.md', 'dist/index.d.ts', 'src/index.ts'])('a tarball without %s is faulty', (missing) => {
  expect(contentProblems(manifest, files.filter((file) => file !== missing))).not.toEqual([])
})

test.each(['test/a.test.ts', 'src/a.test.ts', 'tsup.config.ts', '.env'])('a tarball with %s is faulty', (extra) => {
  expect(contentProblems(manifest, [...files, extra])).not.toEqual([])
})

test('exports name the sources, the types and the build', () => {
  expect(contentProblems({ ...manifest, exports: { '.': './dist/index.js' } }, files)).not.toEqual([])
})
