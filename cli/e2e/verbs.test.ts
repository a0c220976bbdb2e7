import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, type TestContext, test } from '@davit/core/testing'
import { parse } from 'yaml'
import { startCluster } from '../cluster/testing.js'
import { kubeconfigOf, type Outcome, run } from './command.js'
import { create, isRunning, podObject, podOnce, podsPath, type Tree, until } from './objects.js'

const slow = { timeoutMs: 60_000 }

const web = (replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      annotations: { hollow.davit.dev/log: "first line\\nlast line" }
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{ name: main, image: "web:1" }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web, labels: { app: web } }
data: { mode: "0644" }
`

/** A cluster in this process, spoken to by the built command. */
async function shell(t: TestContext) {
  const { connection, directory } = await startCluster(t, { nodes: ['one', 'two'] })
  const file = path.join(directory, 'web.yaml')
  const davit = (...args: string[]): Promise<Outcome> => {
    const rest = args.includes('--') ? args.indexOf('--') : args.length
    return run(t, [...args.slice(0, rest), '--kubeconfig', kubeconfigOf(directory), ...args.slice(rest)])
  }
  const said = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await davit(...args)
    assert.is(code, 0, stderr)
    return stdout
  }
  const running = (count: number) =>
    until(`${count} Pods run`, async () => {
      const { items } = await connection.json<{ items: Tree[] }>('GET', podsPath)
      return items.length === count && items.every(isRunning) && items.map((pod): string => pod.metadata.name)
    })
  return { connection, davit, said, running, file, write: (replicas: number) => writeFile(file, web(replicas)) }
}

test(
  'apply makes, leaves alone and changes; scale and delete do what they say',
  async (t) => {
    const { davit, said, running, file, write } = await shell(t)
    await write(2)
    assert.is(await said('apply', '-f', file), 'deployment.apps/web created\nconfigmap/web created\n')
    await running(2)
    assert.match(await said('apply', '-f', file), 'configmap/web unchanged\n')
    await write(3)
    assert.match(await said('apply', '-f', file), 'deployment.apps/web configured\n')
    await running(3)
    assert.is(await said('scale', 'deployment/web', '--replicas', '1'), 'deployment/web scaled\n')
    const unscalable = await davit('scale', 'configmap/web', '--replicas', '1')
    assert.is(unscalable.code, 1)
    assert.match(unscalable.stderr, /^error: configmaps have no number of replicas to set\n/)
    const [pod = ''] = await running(1)
    assert.is(await said('delete', 'pod', pod), `pod "${pod}" deleted\n`)
    const [other] = await running(1)
    assert.is.not(other, pod)
    assert.is(await said('delete', '-f', file), 'deployment "web" deleted\nconfigmap "web" deleted\n')
    const gone = await davit('get', 'deployment', 'web')
    assert.is(gone.code, 1)
    assert.match(gone.stderr, /^error: .*404 NotFound.*deployments\.apps "web" not found\n$/)
  },
  slow,
)

test(
  'get shows tables, names, JSON and YAML; describe shows what happened',
  async (t) => {
    const { said, davit, running, file, write } = await shell(t)
    const nothing = await davit('get', 'pods')
    assert.equal(nothing, { code: 0, stdout: '', stderr: 'No resources found in default namespace.\n' })
    await write(1)
    await said('apply', '-f', file)
    const [pod = ''] = await running(1)

    const table = (await said('get', 'pods')).split('\n')
    assert.match(table[0] ?? '', /^NAME +READY +STATUS +RESTARTS +AGE$/)
    assert.match(table[1] ?? '', new RegExp(`^${pod} +1/1 +Running +0 +\\d+s$`))
    assert.match(await said('get', 'pods', '--no-headers'), new RegExp(`^${pod} +1/1 +Running +0 +\\d+s\\n$`))
    assert.match(await said('get', 'pods', '-o', 'wide'), /^NAME +READY .* +IP +NODE /)
    assert.match(await said('get', 'pods', '-A'), /^NAMESPACE +NAME .*\ndefault +web-/)
    assert.is(await said('get', 'deploy,cm', '-l', 'app=web', '-o', 'name'), 'deployment.apps/web\nconfigmap/web\n')
    const list = JSON.parse(await said('get', 'pods', '-o', 'json'))
    assert.is(list.items[0].metadata.name, pod)
    const map = parse(await said('get', 'configmap/web', '-o', 'yaml'), { version: '1.1' })
    assert.equal(map.data, { mode: '0644' })
    const many = JSON.parse(await said('get', 'deployment/web', 'configmap/web', '-o', 'json'))
    assert.equal(
      many.items.map((item: Tree) => item.kind),
      ['Deployment', 'ConfigMap'],
    )

    const described = await said('describe', 'pod', pod)
    assert.match(described, new RegExp(`^ {2}name: ${pod}$`, 'm'))
    assert.match(described, /Events:\nTYPE +REASON +LAST SEEN +COUNT +FROM +MESSAGE\n/)
    assert.match(described, /Normal +Scheduled .*Successfully assigned default\/web-/)
  },
  slow,
)

test(
  'logs and exec reach into a container, by the name of a Pod or of what made it',
  async (t) => {
    const { connection, said, davit, running, file, write } = await shell(t)
    await write(1)
    await said('apply', '-f', file)
    const [pod = ''] = await running(1)
    assert.is(await said('logs', pod), 'first line\nlast line\n')
    assert.is(await said('logs', 'deployment/web', '--tail', '1'), 'last line\n')
    assert.match(await said('logs', pod, '--timestamps'), /^\d{4}-\d\d-\d\dT\S+ first line$/m)
    assert.is(await said('exec', 'deployment/web', '--', 'echo', 'hello', 'there'), 'hello there\n')
    await create(connection, podsPath, podObject('ill', {}, { annotations: { 'hollow.davit.dev/unhealthy-after-ms': '0' } }))
    await podOnce(connection, 'ill', isRunning)
    assert.is((await davit('exec', 'ill', '--', 'true')).code, 1, "the exit code is the command's")
    const unknown = await davit('get', 'pods', '--nosuch')
    assert.equal(unknown, { code: 2, stdout: '', stderr: 'error: Nonexistent flag: --nosuch\n  See more help with --help\n' })
    const absent = await davit('plugin', 'nope')
    const named = 'error: there is no command "plugin nope"\n  `davit help` names those that there are\n'
    assert.equal(absent, { code: 2, stdout: '', stderr: named })
    assert.match(await said('help', 'logs'), /USAGE\s+\$ davit logs/)
    const usage = await davit('exec', pod)
    assert.is(usage.code, 1)
    assert.match(usage.stderr, 'say the Pod and, after --, the command')
    assert.match((await davit('logs', 'nobody')).stderr, /404 NotFound.*pods "nobody" not found/)
  },
  slow,
)

test(
  'plugins say what they are and how long they took; version says both sides',
  async (t) => {
    const { said } = await shell(t)
    const { order, plugins } = JSON.parse(await said('plugin', 'list', '-o', 'json'))
    assert.ok(order.indexOf('store-level') < order.indexOf('api-pipeline'))
    assert.ok(plugins.every((plugin: Tree) => plugin.state === 'running'))
    assert.match(await said('plugin', 'list', '-o', 'wide'), /^authorizer-rbac .* running .*\(\d+ calls, [\d.]+ ms\)/m)
    const version = JSON.parse(await said('version', '-o', 'json'))
    assert.match(version.server, /^v\d+\.\d+/)
    assert.match(version.client, /^\d+\.\d+/)
    const alone = await run(t, ['version', '-o', 'yaml', '--kubeconfig', '/nowhere/k'])
    assert.is(alone.code, 0)
    assert.match(alone.stdout, /serverError: no kubeconfig at/)
  },
  slow,
)
