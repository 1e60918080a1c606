import { defineConfig } from 'vite'
import { conditions } from '../../vitest.shared.ts'

/** The packages are taken from their sources: no build before `vite` or `vite build`. */
export default defineConfig({
  // Works from any folder of any server.
  base: './',
  resolve: { conditions: ['browser', ...conditions] },
  build: { target: 'es2023', outDir: 'dist' },
})
