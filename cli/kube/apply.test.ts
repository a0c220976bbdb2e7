import { assert, type TestContext, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import { create, type Tree } from '../e2e/objects.js'
import { applyManifests } from './apply.js'
import type { Connection } from './connection.js'
import { type Manifest, parseManifests } from './manifests.js'

const deployments = '/apis/apps/v1/namespaces/default/deployments'

async function applier(t: TestContext) {
  // Its own writes would come between.
  const plugins = [{ id: 'controller-deployment', enabled: false }]
  const { connection } = await startCluster(t, { flags: { 'no-node': true }, plugins })
  const apply = async (object: Tree, dryRun = false): Promise<string> => {
    const lines: string[] = []
    for await (const line of applyManifests(connection, [object as Manifest], { namespace: 'default', dryRun })) lines.push(line)
    return lines.join('\n')
  }
  return { connection, apply }
}

function web(
  containers: readonly Tree[] = [{ name: 'web', image: 'web:1', env: [{ name: 'A', value: '1' }] }],
  labels = {},
): Tree {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
    },
  }
}
const read = (connection: Connection) => connection.json<Tree>('GET', `${deployments}/web`)
const merge = (connection: Connection, body: Tree) =>
  connection.json('PATCH', `${deployments}/web`, { body, contentType: 'application/merge-patch+json' })

test('created, then unchanged, then configured', async (t) => {
  const { connection, apply } = await applier(t)
  assert.is(await apply(web()), 'deployment.apps/web created')
  const first = await read(connection)
  assert.is(await apply(web()), 'deployment.apps/web unchanged')
  assert.is((await read(connection)).metadata.resourceVersion, first.metadata.resourceVersion)
  assert.is(await apply(web([{ name: 'web', image: 'web:2' }])), 'deployment.apps/web configured')
  assert.is((await read(connection)).spec.template.spec.containers[0].image, 'web:2')
})

test('what was applied and is wanted no more goes; what others set stays', async (t) => {
  const { connection, apply } = await applier(t)
  await apply(web(undefined, { mine: 'yes', kept: 'yes' }))
  await merge(connection, { metadata: { labels: { theirs: 'yes' } }, spec: { replicas: 3, paused: true } })
  const { replicas: _replicas, ...spec } = web().spec
  await apply({ ...web(undefined, { kept: 'yes' }), spec })
  const after = await read(connection)
  assert.equal(after.metadata.labels, { kept: 'yes', theirs: 'yes' })
  assert.is(after.spec.paused, true)
  assert.is(after.spec.replicas, 1, 'a field taken out has its default again')
})

test('what is changed in a list, added to it and taken out of it', async (t) => {
  const { connection, apply } = await applier(t)
  const container = (env: readonly Tree[]) => ({ name: 'web', image: 'web:1', env })
  const [a, b] = [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ]
  const names = async () => (await read(connection)).spec.template.spec.containers[0].env.map((item: Tree) => item.name)
  await apply(web([container([a, b])]))
  assert.equal(await names(), ['A', 'B'])
  await apply(web([container([b])]))
  assert.equal(await names(), ['B'])
  await apply(web([container([b]), { name: 'second', image: 'second:1' }]))
  await apply(web([{ name: 'second', image: 'second:1' }]))
  assert.equal(
    (await read(connection)).spec.template.spec.containers.map((item: Tree) => item.name),
    ['second'],
  )
})

test('what others put into a list stays, as long as nothing is taken out of it', async (t) => {
  const { connection, apply } = await applier(t)
  await apply(web())
  const sidecar = { name: 'sidecar', image: 'sidecar:1' }
  const body = { spec: { template: { spec: { containers: [sidecar] } } } }
  await connection.json('PATCH', `${deployments}/web`, { body, contentType: 'application/strategic-merge-patch+json' })
  await apply(web([{ name: 'web', image: 'web:2', env: [{ name: 'A', value: '1' }] }]))
  const { containers } = (await read(connection)).spec.template.spec
  assert.equal(containers.map((item: Tree) => item.image).sort(), ['sidecar:1', 'web:2'])
})

test('an object that was made otherwise is taken over without losing anything', async (t) => {
  const { connection, apply } = await applier(t)
  await create(connection, deployments, web(undefined, { theirs: 'yes' }))
  assert.is(await apply(web(undefined, { mine: 'yes' })), 'deployment.apps/web configured')
  const { labels, annotations } = (await read(connection)).metadata
  assert.equal(labels, { theirs: 'yes', mine: 'yes' })
  assert.is(JSON.parse(annotations['kubectl.kubernetes.io/last-applied-configuration']).metadata.name, 'web')
})

test('a dry run is checked by the server and changes nothing', async (t) => {
  const { connection, apply } = await applier(t)
  assert.is(await apply(web(), true), 'deployment.apps/web created (dry run)')
  assert.is((await connection.raw('GET', `${deployments}/web`)).code, 404)
  await assert.rejects(apply(web([{ name: 'web' }]), true), /422 Invalid.*spec\.template\.spec\.containers\[0\]\.image/)
})

test('a field that nobody knows, a kind that is not served and a name that is missing are refused', async (t) => {
  const { apply } = await applier(t)
  await assert.rejects(apply({ ...web(), spce: {} }), /unknown field "spce"/)
  await assert.rejects(apply({ ...web(), kind: 'Deploymint' }), /no kind "Deploymint" in "apps\/v1"/)
  await assert.rejects(apply({ ...web(), metadata: {} }), /a Deployment without metadata.name cannot be applied/)
})

test('what fails is named with its file, and does not keep the others', async (t) => {
  const { connection } = await startCluster(t, { flags: { 'no-node': true } })
  const map = (name: string, extra = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n${extra}---\n`
  const text = `${map('Bad_Name')}${map('good')}${map('odd', 'dada: {}\n')}`
  const manifests = await parseManifests(text, 'maps.yaml')
  const lines: string[] = []
  const apply = async () => {
    for await (const line of applyManifests(connection, manifests, { namespace: 'default', dryRun: false })) lines.push(line)
  }
  await assert.rejects(
    apply(),
    /maps\.yaml, the object at line 1, ConfigMap Bad_Name: [\s\S]*maps\.yaml, the object at line 9, ConfigMap odd: /,
  )
  assert.equal(lines, ['configmap/good created'])
})
