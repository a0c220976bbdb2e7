/**
 * Measures what the pipeline costs, in process, over the engine that users run:
 *
 *     node --conditions=source --import tsx core/api/bench.ts [creates] [concurrency]
 *
 * Prints creates and gets per second and the time of the process's own CPU for each.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boot } from '../testing/contract.js'
import { ApiPipelineToken, type ApiRequest } from './contract.js'
import { requestOf } from './testing.js'

const [creates = 20_000, concurrency = 32] = process.argv.slice(2).map(Number)

/** About what a workload controller writes. */
const podBody = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    labels: { app: 'web', 'pod-template-hash': '5d4f8c7b9' },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web-5d4f8c7b9',
        uid: '5f2c0f6e-1',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'registry.example/web:1.2',
        ports: [{ containerPort: 8080 }],
        env: [{ name: 'MODE', value: 'production' }],
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
        readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
      },
    ],
  },
})

async function measure(name: string, count: number, run: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const times: number[] = []
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      const began = performance.now()
      await run(index)
      times.push(performance.now() - began)
    }
  }
  const cpu = process.cpuUsage()
  const began = performance.now()
  await Promise.all(Array.from({ length: concurrency }, worker))
  const seconds = (performance.now() - began) / 1000
  const used = process.cpuUsage(cpu)
  times.sort((a, b) => a - b)
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0
  const micros = (used.user + used.system) / count
  console.log(`${name.padEnd(16)} ${Math.round(count / seconds)}/s  cpu ${micros.toFixed(1)} µs each  p99 ${p99.toFixed(2)} ms`)
}

const directory = await mkdtemp(join(tmpdir(), 'davit-api-bench-'))
for (const store of ['memory', { level: directory }] as const) {
  const plane = await boot({ clock: 'real', store })
  const pipeline = plane.kernel.get(ApiPipelineToken)
  const request = (verb: ApiRequest['verb'], rest: Partial<ApiRequest>): Promise<unknown> =>
    pipeline.handle({ ...requestOf(verb, 'pods'), ...rest })
  console.log(typeof store === 'string' ? store : 'level')
  await measure('warm', 5000, (index) => request('create', { body: podBody(`warm-${index}`) }))
  await measure('create', creates, (index) => request('create', { body: podBody(`web-${index}`) }))
  await measure('get', creates * 5, (index) => request('get', { name: `web-${index % creates}` }))
  await measure('patch status', creates, (index) =>
    request('patch', {
      name: `web-${index}`,
      subresource: 'status',
      patchType: 'merge',
      body: { status: { phase: 'Running', podIP: '10.0.0.1' } },
    }),
  )
  await measure('bind', creates, (index) =>
    request('create', { name: `web-${index}`, subresource: 'binding', body: { target: { kind: 'Node', name: 'n1' } } }),
  )
  await measure('list 500', 2000, () => request('list', { query: { limit: '500', resourceVersion: '0' } }))
  await measure('delete', creates, (index) => request('delete', { name: `web-${index}`, query: { gracePeriodSeconds: '0' } }))
  await plane.stop()
}
await rm(directory, { recursive: true })
