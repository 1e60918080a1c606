#!/usr/bin/env node
import process from 'node:process'
import { run } from './program.ts'
import { endForOutput, processTerminal } from './terminal/terminal.ts'

process.stdout.on('error', endForOutput)

process.exitCode = await run(process.argv.slice(2), processTerminal())
