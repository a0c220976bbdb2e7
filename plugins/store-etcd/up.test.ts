/** Two `davit up` over one etcd, as a user starts them, and kubectl. Needs the built command. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startEtcd } from '@davit/core/store/testkit'
import { assert, type TestContext, test } from '@davit/core/testing'

const davit = fileURLToPath(new URL('../../cli/bin/davit.js', import.meta.url))
const run = promisify(execFile)

interface Server {
  readonly directory: string
  kubectl(...args: string[]): Promise<string>
  /** Lines that kubectl prints as they come. */
  follow(...args: string[]): { lines(): string[]; until(line: string): Promise<void> }
}

/** What the servers of one cluster share. */
const keys = ['ca.key', 'ca.crt', 'service-account.key']

async function up(t: TestContext, config: string, first?: Server): Promise<Server> {
  const directory = await t.directory()
  const pki = join(directory, 'pki')
  if (first) {
    await mkdir(pki, { mode: 0o700 })
    for (const key of keys) await copyFile(join(first.directory, 'pki', key), join(pki, key))
  }
  const flags = ['up', '--config', config, '--data-dir', directory, '--port', '0', '--no-node']
  const child = spawn(process.execPath, [davit, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.defer(() => ended(child))
  let output = ''
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`davit up ended with ${code}: ${output}`)))
    child.stdout.on('data', (chunk) => {
      output += String(chunk)
      if (output.includes('ready: ')) resolve()
    })
  })
  const own = ['--kubeconfig', join(directory, 'kubeconfig'), '--cache-dir', join(directory, 'cache')]
  return {
    directory,
    kubectl: async (...args) => (await run('kubectl', [...own, ...args])).stdout,
    follow(...args) {
      const program = spawn('kubectl', [...own, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
      t.defer(() => ended(program))
      let text = ''
      let wake = (): void => undefined
      program.stdout.on('data', (chunk) => {
        text += String(chunk)
        wake()
      })
      const lines = (): string[] => text.split('\n').filter((line) => line !== '')
      return {
        lines,
        async until(line) {
          while (!lines().includes(line)) await new Promise<void>((resolve) => (wake = resolve))
        },
      }
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
}

test(
  'two servers over one etcd: kubectl writes at one, reads and watches at the other',
  async (t) => {
    const etcd = await startEtcd()
    t.defer(() => etcd.stop())
    const config = join(await t.directory(), 'cluster.yaml')
    const store = { id: 'store-etcd', config: { endpoints: [etcd.endpoint], prefix: '/clusters/one' } }
    await writeFile(config, JSON.stringify({ apiVersion: 'davit.dev/v1', kind: 'ClusterConfig', store }))
    const a = await up(t, config)
    const b = await up(t, config, a)
    const watching = b.follow('get', 'configmaps', '-w', '-o', 'name')
    await watching.until('configmap/kube-root-ca.crt')
    const file = join(await t.directory(), 'map.yaml')
    const map = (value: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' }, data: { value } })
    await writeFile(file, JSON.stringify(map('1')))
    assert.is(await a.kubectl('apply', '-f', file), 'configmap/shared created\n')
    assert.is(await b.kubectl('get', 'configmap', 'shared', '-o', 'jsonpath={.data.value}'), '1')
    await watching.until('configmap/shared')
    await writeFile(file, JSON.stringify(map('2')))
    assert.is(await b.kubectl('apply', '-f', file), 'configmap/shared configured\n')
    assert.is(await a.kubectl('get', 'configmap', 'shared', '-o', 'jsonpath={.data.value}'), '2')
    assert.match(await a.kubectl('get', '--raw', '/readyz?verbose'), '[+]store ok')
    assert.is(watching.lines().filter((line) => line === 'configmap/shared').length >= 1, true)
  },
  { requires: ['etcd', 'kubectl'], timeoutMs: 60_000 },
)
