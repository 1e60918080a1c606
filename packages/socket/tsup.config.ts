import { defineConfig } from 'tsup'
import { base } from '../../tsup.config.base.ts'

// The types name AsyncDisposable, which a project with lib ES2023 does not have.
export default defineConfig({ ...base, dts: { banner: '/// <reference lib="esnext.disposable" />' } })
