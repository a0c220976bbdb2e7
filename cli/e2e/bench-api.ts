/**
 * What requests cost with everything on that a careful administrator has: authorisation by roles, admission, validation,
 * ownership of fields, and the audit log at the level Metadata; and beside it the same without the log:
 *
 *     node --conditions=source --import tsx cli/e2e/bench-api.ts [seconds]
 *
 * Pods are created and read over 32 connections by `wrk`, 10,000 are listed, and 100 watchers follow 1,000 creates. Needs the
 * built command (`node scripts/build.mjs`) and a machine that is quiet.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Connection } from '../kube/connection.js'
import { Cluster, eventually } from './cluster.js'

const [seconds = 5] = process.argv.slice(2).map(Number)
const pods = '/api/v1/namespaces/default/pods'
/** Where nothing but them is. */
const few = '/api/v1/namespaces/kube-public/pods'
const [listed, watchers, watched] = [10_000, 100, 1000]
const token = 'token-of-a-user'
const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'bench', tier: 'web' } },
  spec: {
    schedulerName: 'nobody',
    containers: [
      {
        name: 'c',
        image: 'nginx:1.25',
        ports: [{ containerPort: 80 }],
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        env: [{ name: 'A', value: '1' }],
      },
    ],
  },
})

/** What `wrk` sends: each time another Pod, or the same request. */
const scripts = {
  create: `local n = 0
function request()
  n = n + 1
  return wrk.format("POST", nil, headers, (body:gsub("NAME", "wrk-" .. n)))
end`,
  read: `function request() return wrk.format("GET", nil, headers) end`,
}
const common = `headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer ${token}" }
body = [[${JSON.stringify(pod('NAME'))}]]
`

async function wrk(directory: string, url: string, script: keyof typeof scripts): Promise<string> {
  const file = path.join(directory, `${script}.lua`)
  await writeFile(file, common + scripts[script])
  const { stdout } = await promisify(execFile)('wrk', ['-t1', '-c32', `-d${seconds}s`, '-s', file, '--latency', url])
  const [rate, p50, p99] = [/Requests\/sec: +(\S+)/, /50% +(\S+)/, /99% +(\S+)/].map((pattern) => pattern.exec(stdout)?.[1])
  return `${rate}/s, p50 ${p50}, p99 ${p99}${/Non-2xx.*/.exec(stdout)?.[0] ?? ''}`
}

async function list(connection: Connection): Promise<string> {
  const times: number[] = []
  let bytes = 0
  for (let round = 0; round < 7; round += 1) {
    const begun = performance.now()
    bytes = (await connection.raw('GET', few)).body.length
    times.push(performance.now() - begun)
  }
  times.sort((a, b) => a - b)
  return `${(bytes / 1e6).toFixed(1)} MB, median ${times[3]?.toFixed(0)} ms, best ${times[0]?.toFixed(0)} ms`
}

async function watch(connection: Connection): Promise<string> {
  const { metadata } = await connection.json<{ metadata: { resourceVersion: string } }>('GET', `${few}?limit=1`)
  let heard = 0
  const streams = Array.from({ length: watchers }, async () => {
    for await (const chunk of connection.stream(`${few}?watch=1&resourceVersion=${metadata.resourceVersion}`)) {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) heard += 1
    }
  })
  // They end with the connection.
  for (const stream of streams) stream.catch(() => undefined)
  const begun = performance.now()
  await each(watched, (index) => connection.json('POST', few, { body: pod(`watched-${index}`) }))
  await eventually('every watcher has heard of every Pod', async () => heard >= watchers * watched, 60_000)
  const taken = (performance.now() - begun) / 1000
  return `${heard} deliveries in ${taken.toFixed(2)} s, ${(heard / taken).toFixed(0)}/s`
}

async function each(count: number, run: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await run(next++)
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

/** No administrator, who is asked nothing, but a user whose rights are roles'. */
async function start(directory: string, withLog: boolean): Promise<{ cluster: Cluster; connection: Connection }> {
  const [tokens, policyFile, config] = ['tokens.csv', 'policy.yaml', 'cluster.yaml'].map((name) => path.join(directory, name))
  if (!tokens || !policyFile || !config) throw new Error('unreachable')
  await writeFile(tokens, `${token},jane,u1,"developers"\n`, { mode: 0o600 })
  await writeFile(policyFile, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]\n')
  const log = { id: 'audit-log', config: { policyFile, path: path.join(directory, 'audit.log') } }
  const whole = { apiVersion: 'davit.dev/v1', kind: 'ClusterConfig', plugins: withLog ? [log] : [] }
  await writeFile(config, JSON.stringify(whole))
  const cluster = await Cluster.start('--no-node', '--token-auth-file', tokens, '--config', config)
  const group = 'rbac.authorization.k8s.io'
  const binding = {
    metadata: { name: 'bench' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'edit' },
    subjects: [{ apiGroup: group, kind: 'Group', name: 'developers' }],
  }
  await cluster.connection.json('POST', `/apis/${group}/v1/clusterrolebindings`, { body: binding })
  const { cert: _cert, key: _key, ...target } = cluster.connection.target
  return { cluster, connection: new Connection({ ...target, token }) }
}

for (const withLog of [true, false]) {
  const directory = await mkdtemp(path.join(tmpdir(), 'davit-bench-'))
  const { cluster, connection } = await start(directory, withLog)
  try {
    console.log(withLog ? 'with the audit log' : 'without the audit log')
    const url = `${connection.target.server.origin}${pods}`
    console.log(`  create: ${await wrk(directory, url, 'create')}`)
    console.log(`  get:    ${await wrk(directory, `${url}/wrk-100`, 'read')}`)
    await each(listed, (index) => connection.json('POST', few, { body: pod(`listed-${index}`) }))
    console.log(`  list:   ${await list(connection)}`)
    console.log(`  watch:  ${await watch(connection)}`)
    const status = await readFile(`/proc/${cluster.pid}/status`, 'utf8')
    console.log(`  memory: ${/VmRSS:\s+(\d+)/.exec(status)?.[1]} kB`)
    if (withLog)
      console.log(`  log:    ${await cluster.connection.json<object>('GET', '/davit/v1/audit-log').then(JSON.stringify)}`)
  } finally {
    connection.close()
    await cluster.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
