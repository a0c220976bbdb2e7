/** How long a Pod of one container takes from nothing to running: `node --conditions=source --import tsx bench.ts`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProcessDriver } from './driver.js'
import { containerConfig, sandboxConfig, testConfig, testRange, testServices } from './testing.js'

const directory = await mkdtemp(join(tmpdir(), 'davit-bench-'))
const context = { nodeName: 'bench', directory, podCidr: testRange, signal: new AbortController().signal }
const driver = createProcessDriver({ ...testServices, config: testConfig })
const runtime = await driver.open(context)

async function one(): Promise<{
  readonly total: number
  readonly sandbox: number
  readonly create: number
  readonly start: number
}> {
  const began = performance.now()
  const sandbox = await runtime.runSandbox(sandboxConfig())
  const made = performance.now()
  const id = await runtime.createContainer(sandbox, containerConfig('exec sleep 1000'))
  const created = performance.now()
  await runtime.startContainer(id)
  const started = performance.now()
  return { total: started - began, sandbox: made - began, create: created - made, start: started - created }
}

function percentile(values: readonly number[], part: number): string {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1)
}

try {
  await one()
  const serial = []
  for (let turn = 0; turn < 30; turn += 1) serial.push(await one())
  for (const step of ['total', 'sandbox', 'create', 'start'] as const) {
    const values = serial.map((item) => item[step])
    console.log(`serial ${step}: p50 ${percentile(values, 0.5)} ms, p95 ${percentile(values, 0.95)} ms`)
  }
  const began = performance.now()
  const parallel = await Promise.all(Array.from({ length: 10 }, one))
  const totals = parallel.map(({ total }) => total)
  console.log(`10 at once: p50 ${percentile(totals, 0.5)} ms, all after ${(performance.now() - began).toFixed(1)} ms`)
} finally {
  await runtime.close()
  const began = performance.now()
  await driver.purge(context)
  console.log(`purge of all: ${(performance.now() - began).toFixed(1)} ms`)
  await rm(directory, { recursive: true, force: true })
}
