import { defineConfig } from 'tsup'
import { base } from '../../tsup.config.base.ts'

/** A program has no types to ship. esbuild keeps the `#!` line; Deno wants the `node:` of its modules. */
export default defineConfig({ ...base, entry: ['src/main.ts'], dts: false, removeNodeProtocol: false })
