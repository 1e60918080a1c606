import { defineConfig } from 'tsup'
import { base } from '../../tsup.config.base.ts'

/** A program has no types to ship. esbuild keeps the `#!` line. */
export default defineConfig({ ...base, entry: ['src/main.ts'], dts: false })
