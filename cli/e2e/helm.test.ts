// @timeout 400
// @serial client
/**
 * Helm 3 and Helm 4 as they are released, against a real Davit on simulated nodes: the first patches, three-way, the
 * second applies server-side.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { assert, type TestContext, test } from '@davit/core/testing'
import { released } from './clients.js'
import { Cluster, eventually, type Tree as Listed } from './cluster.js'

const chart = fileURLToPath(new URL('./chart', import.meta.url))
const deployments = '/apis/apps/v1/namespaces/default/deployments'
const configMaps = '/api/v1/namespaces/default/configmaps'
const orders = '/apis/shop.example/v1/namespaces/default/orders'
const secrets = '/api/v1/namespaces/default/secrets'

interface Tree extends Listed {
  readonly metadata: Listed['metadata'] & {
    readonly labels: Readonly<Record<string, string>>
    readonly managedFields: readonly { readonly manager: string; readonly operation: string }[]
  }
}
interface Outcome {
  readonly code: number
  readonly text: string
}

class Helm {
  readonly cluster: Cluster
  readonly #program: string
  readonly #home: string

  constructor(cluster: Cluster, program: string, home: string) {
    this.cluster = cluster
    this.#program = program
    this.#home = home
  }

  /** What is typed, without spaces inside of words; CHART is the chart. */
  run(line: string): Promise<Outcome> {
    const words = line.split(' ').map((word) => (word === 'CHART' ? chart : word))
    const env = { PATH: process.env.PATH, HOME: this.#home, KUBECONFIG: this.cluster.kubeconfig }
    return new Promise((resolve) => {
      execFile(this.#program, words, { env, timeout: 60_000 }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, text: stdout + stderr })
      })
    })
  }

  async said(line: string): Promise<string> {
    const { code, text } = await this.run(line)
    assert.is(code, 0, `helm ${line}: ${text}`)
    return text
  }

  async refused(line: string, message: RegExp): Promise<void> {
    const { code, text } = await this.run(line)
    assert.is(code, 1, `helm ${line}: ${text}`)
    assert.match(text, message)
  }

  get(where: string): Promise<Tree> {
    return this.cluster.connection.json<Tree>('GET', where)
  }

  /** "superseded deployed": the states of the revisions. */
  async history(release: string): Promise<string> {
    const revisions = JSON.parse(await this.said(`history ${release} -o json`)) as { status: string }[]
    return revisions.map(({ status }) => status).join(' ')
  }
}

async function start(t: TestContext, major: 3 | 4): Promise<Helm> {
  const [, program] = (await released('helm')).find(([version]) => version.startsWith(`${major}.`)) ?? []
  if (program === undefined) throw new Error(`no Helm ${major}`)
  const cluster = await Cluster.start('--runtime', 'hollow', '--nodes', '2', '--proxy', 'none')
  t.defer(() => cluster.stop())
  return new Helm(cluster, program, await t.directory())
}

const patchOf = (type: string, patch: object) => ({ body: patch, contentType: `application/${type}-patch+json` })
const names = (objects: readonly Listed[]): string[] => objects.map(({ metadata }) => metadata.name).sort()
const withHelm = { requires: ['clients'], timeoutMs: 150_000 } as const

async function lives(helm: Helm, operation: string): Promise<void> {
  const { cluster } = helm
  assert.match(await helm.said('install one CHART --wait --timeout 30s'), /STATUS: deployed\nREVISION: 1/)
  const deployment = await helm.get(`${deployments}/one`)
  assert.is(deployment.status.readyReplicas, 2)
  const owner = deployment.metadata.managedFields.find(({ manager }) => manager === 'helm')
  assert.is(owner?.operation, operation)
  const settings = await helm.get(`${configMaps}/one`)
  assert.is(settings.data.hasDeployments, 'true')
  assert.match(settings.data.cluster, /^v1\.33\./)
  assert.is((await helm.get(`${configMaps}/one-extra`)).data.account, 'default')
  assert.is((await helm.get(`${configMaps}/one-hook`)).data.revision, '1')
  assert.equal((await helm.get(`${orders}/one`)).spec, { color: 'blue', items: ['shop:1'] })
  const record = await helm.get(`${secrets}/sh.helm.release.v1.one.v1`)
  assert.is(record.type, 'helm.sh/release.v1')
  assert.is(record.metadata.labels.status, 'deployed')

  // What others wrote into an object stays, wherever the chart says nothing of it.
  await cluster.connection.json(
    'PATCH',
    `${deployments}/one`,
    patchOf('strategic-merge', { metadata: { labels: { mine: 'yes' } } }),
  )
  await cluster.connection.json('PATCH', `${orders}/one`, patchOf('merge', { spec: { by: 'hand' } }))
  const line = 'upgrade one CHART --wait --timeout 30s --set color=red,replicas=3,extra=false'
  assert.match(await helm.said(`${line} --dry-run=server`), /color: red/)
  assert.is((await helm.get(`${configMaps}/one`)).data.color, 'blue')
  assert.match(await helm.said(line), /REVISION: 2/)
  const changed = await helm.get(`${deployments}/one`)
  assert.is(changed.status.readyReplicas, 3)
  assert.is(changed.metadata.labels.mine, 'yes')
  assert.equal(changed.spec.template.spec.containers[0].env, [{ name: 'COLOR', value: 'red' }])
  assert.equal((await helm.get(`${orders}/one`)).spec, { by: 'hand', color: 'red', items: ['shop:1'] })
  assert.equal(names(await cluster.list(configMaps)), ['kube-root-ca.crt', 'one', 'one-hook'])
  assert.is((await helm.get(`${configMaps}/one-hook`)).data.revision, '2')

  assert.match(await helm.said('list'), /one +\tdefault +\t2 .*deployed\tshop-1\.0\.0/)
  assert.match(await helm.said('status one'), /STATUS: deployed\nREVISION: 2/)
  assert.match(await helm.said('get values one'), /color: red/)
  assert.match(await helm.said('get manifest one'), /kind: Order/)
  assert.match(await helm.said('get hooks one'), /name: one-hook/)
  assert.match(await helm.said('get notes one'), /Sold by one in red/)

  await helm.said('rollback one 1 --wait --timeout 30s')
  assert.is(await helm.history('one'), 'superseded superseded deployed')
  const back = await helm.get(`${deployments}/one`)
  assert.is(back.spec.replicas, 2)
  assert.is(back.metadata.labels.mine, 'yes')
  assert.equal(names(await cluster.list(configMaps)), ['kube-root-ca.crt', 'one', 'one-extra', 'one-hook'])

  await helm.said('uninstall one --wait --timeout 30s')
  for (const collection of [deployments, orders, secrets]) assert.equal(await cluster.list(collection), [])
  assert.equal(names(await cluster.list('/api/v1/namespaces/default/services')), ['kubernetes'])
  await eventually('no Pod and no ReplicaSet', async () => {
    const left = [
      ...(await cluster.list('/api/v1/namespaces/default/pods')),
      ...(await cluster.list('/apis/apps/v1/replicasets')),
    ]
    return left.length === 0
  })
  // Definitions stay, as Helm promises.
  assert.is(
    (await helm.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/orders.shop.example')).spec.scope,
    'Namespaced',
  )
}

async function fails(helm: Helm, rollBack: string): Promise<void> {
  const { cluster } = helm
  await helm.refused('status one', /release: not found/)
  const bare = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one' } }
  await cluster.connection.json('POST', configMaps, { body: bare })
  await helm.refused('install one CHART', /ConfigMap "one" in namespace "default" exists and cannot be imported/)
  await cluster.connection.json('DELETE', `${configMaps}/one`)
  await helm.said('install one CHART --wait --timeout 30s')
  await helm.refused('install one CHART', /cannot re-?use a name that is still in use/)
  await helm.refused('upgrade one CHART --set port=none', /(port|Port|int32)/)
  await helm.refused('upgrade one CHART --set zone=moon --wait --timeout 3s', /deadline exceeded/)
  assert.is(await helm.history('one'), 'deployed failed failed')
  await helm.refused(`upgrade one CHART --set zone=moon ${rollBack} --wait --timeout 3s`, /deadline exceeded/)
  assert.match(await helm.history('one'), /^superseded .* deployed$/)
  const { spec, status } = await helm.get(`${deployments}/one`)
  assert.is(spec.template.spec.nodeSelector, undefined)
  assert.is(status.readyReplicas, 2)
  await helm.said('install two CHART -n other --create-namespace --wait --timeout 30s')
  assert.match(await helm.said('list -A'), /one +\tdefault.*\n.*two +\tother/)
  await helm.said('uninstall one --keep-history --wait --timeout 30s')
  assert.match(await helm.said('list --uninstalled'), /one +\tdefault .*uninstalled/)
}

test('Helm 3 installs, changes, rolls back and takes away a chart', async (t) => lives(await start(t, 3), 'Update'), withHelm)
test('Helm 4 does so by server-side apply', async (t) => lives(await start(t, 4), 'Apply'), withHelm)
test('what Helm 3 cannot do, it says, and rolls back', async (t) => fails(await start(t, 3), '--atomic'), withHelm)
test('what Helm 4 cannot do, it says, and rolls back', async (t) => fails(await start(t, 4), '--rollback-on-failure'), withHelm)
