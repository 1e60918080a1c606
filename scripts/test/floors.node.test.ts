import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { floors } from '../floors.ts'

interface Manifest {
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
}

const packages = new URL('../../packages/', import.meta.url)
const names = readdirSync(packages).filter((name) => existsSync(new URL(`${name}/package.json`, packages)))

test('every package has its room in the house, and every room its package', () => {
  expect(names.sort()).toEqual(Object.keys(floors).sort())
})

test.each(Object.entries(floors))('%s imports from lower floors only', (_name, room) => {
  for (const other of room.imports) expect(floors[other]!.floor, other).toBeLessThan(room.floor)
})

// That it depends on no more than it imports, and on no less, is knip's to say.
test.each(names)('the package.json of %s depends only on packages that its room may import', (name) => {
  const manifest = JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')) as Manifest
  const ours = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies })
    .filter((dependency) => dependency.startsWith('@layerfour/'))
    .map((dependency) => dependency.slice('@layerfour/'.length))
  const strangers = ours.filter((other) => !floors[name]?.imports.includes(other))
  expect(strangers).toEqual([])
})
