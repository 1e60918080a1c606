import type { Options } from 'tsup'
import { constantsInlined } from './scripts/inline-constants.ts'

/** One ESM file and its types a package; dependencies stay imports. */
export const base: Options = {
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'es2023',
  dts: true,
  sourcemap: true,
  clean: true,
  treeshake: true,
  esbuildPlugins: [constantsInlined()],
}
