#!/usr/bin/env node
import process from 'node:process'
import { run } from './program.ts'
import { processTerminal } from './terminal/terminal.ts'

// `l4 transfer | head`: whoever reads has had enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3))

process.exitCode = await run(process.argv.slice(2), processTerminal())
