import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { CountingBenchmark } from '../src/benchmark.ts'
import { benchmarks } from '../src/benchmarks/index.ts'
import { machine } from '../src/machine.ts'
import { benchmarkDocument, runAll } from '../src/run.ts'
import type { Schema } from './_json-schema.ts'
import { violations } from './_json-schema.ts'

const schema = JSON.parse(readFileSync(new URL('../document.schema.json', import.meta.url), 'utf8')) as Schema

const counted: CountingBenchmark = {
  kind: 'counted', group: 'memory', name: 'counted', title: 'Counted', unit: 'bytes',
  count: () => Promise.resolve([{ name: 'some', value: 3, parts: [{ name: 'a', value: 2 }, { name: 'b', value: 1 }] }]),
}

describe('the JSON document', () => {
  test('of a tiny run is as document.schema.json says', async () => {
    const printed: string[] = []
    const chosen = benchmarks.filter(({ name }) => name === 'udp-one-way' || name === 'tcp-request-response')
    const entries = await runAll([...chosen, counted], { rounds: 1, turn: 1 }, (text) => printed.push(text))
    // As a reader gets it: JSON has no NaN and no undefined.
    const document: unknown = JSON.parse(JSON.stringify(benchmarkDocument(entries, machine())))
    expect(violations(schema, document)).toEqual([])
    expect(document).toMatchObject({
      schema: 1, runtime: { name: 'Node', version: process.versions.node },
      benchmarks: [{ name: 'tcp-request-response', baseline: 'node:net' }, { name: 'udp-one-way', baseline: 'node:dgram' }, { name: 'counted', ratio: null }],
    })
    expect(printed).toHaveLength(3)
  }, 60_000)

  test('that lacks something, or has something else, is not', async () => {
    const entries = await runAll([counted], { rounds: 1, turn: 1 }, () => undefined)
    const document = benchmarkDocument(entries, machine())
    expect(violations(schema, document)).toEqual([])
    const { schema: version, runtime, benchmarks: found } = document
    expect(violations(schema, { schema: version, runtime, benchmarks: found })).toEqual(['$.date is missing'])
    expect(violations(schema, { ...document, date: 5, more: 1 })).toEqual(['$.date is number, expected string', '$.more is not known'])
    const broken = { ...document, benchmarks: [{ ...entries[0]!, spread: 1 }] }
    expect(violations(schema, broken)).toEqual(['$.benchmarks[0].spread fits none of anyOf'])
    expect(violations(schema, { ...document, schema: 2 })).toEqual(['$.schema is 2, expected 1'])
  })
})

test('no two benchmarks share a name, and a baseline or a bound is one of the contenders', () => {
  expect(new Set(benchmarks.map(({ name }) => name)).size).toBe(benchmarks.length)
  for (const benchmark of benchmarks) {
    if (benchmark.kind !== 'timed') continue
    const names = benchmark.contenders.map(({ name }) => name)
    expect(new Set(names).size, benchmark.name).toBe(names.length)
    expect(names).toContain(benchmark.baseline)
    for (const { bound } of benchmark.contenders) if (bound !== undefined) expect(names).toContain(bound)
  }
})
