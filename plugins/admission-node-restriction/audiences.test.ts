import { ApiHooksToken } from '@davit/core/api'
import { type Client, csiDrivers, persistentVolumeClaims, persistentVolumes, pods, serviceAccounts } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import type { KubeObject, Pod, Volume } from '@davit/core/kinds'
import { assert, type Booted, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const verb = 'request-serviceaccounts-token-audience'
interface Asked {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly namespace: string
  readonly name: string
}

interface Started extends Booted {
  readonly node: Client
  /** Questions about audiences that came to the authorizer. */
  readonly asked: Asked[]
  /** A Pod on the node with these volumes. */
  run(name: string, volumes: readonly Volume[]): Promise<Pod>
  /** For whom the token is; rejects with the refusal. */
  token(pod: Pod, audiences?: readonly string[]): Promise<readonly string[]>
}

/** Everybody may everything, but ask for audiences: only for "registry", and only of the account "robot". */
async function start(t: TestContext): Promise<Started> {
  const asked: Asked[] = []
  const authorizer = definePlugin({
    id: 'test-authorizer',
    api: '^1.0',
    requires: { hooks: ApiHooksToken },
    async setup(context, { hooks }) {
      context.tap(hooks.authorize, ({ verb: what, group, resource, namespace, name }) => {
        if (what !== verb) return { allowed: true, reason: '' }
        asked.push({ verb: what, group, resource, namespace, name })
        return resource === 'registry' && name === 'robot' ? { allowed: true, reason: '' } : undefined
      })
      return {}
    },
  })
  const plane = await boot({ plugins: [{ plugin }, { plugin: authorizer }] })
  t.defer(() => plane.stop())
  for (const name of ['robot', 'other']) await plane.client.create(serviceAccounts, named('v1', 'ServiceAccount', name))
  const node = plane.clients.as({ name: 'system:node:one', groups: ['system:nodes'] })
  return {
    ...plane,
    node,
    asked,
    async run(name, volumes) {
      const spec: Pod['spec'] = {
        nodeName: 'one',
        serviceAccountName: 'robot',
        containers: [{ name: 'c', image: 'i' }],
        volumes: [...volumes],
      }
      return plane.client.create(pods, { ...named('v1', 'Pod', name), spec })
    },
    token: (pod, audiences) => tokenOf(node, 'robot', pod, audiences),
  }
}
const named = (
  apiVersion: string,
  kind: string,
  name: string,
): { apiVersion: string; kind: string; metadata: { name: string; namespace: string } } => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'default' },
})
async function tokenOf(
  client: Client,
  account: string,
  { metadata }: Pod,
  audiences?: readonly string[],
): Promise<readonly string[]> {
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid }
  const spec = { boundObjectRef, ...(audiences ? { audiences } : {}) }
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec } as unknown as KubeObject
  const made = await client.createSubresource(serviceAccounts, 'default', account, 'token', body)
  return (made as KubeObject & { spec: { audiences: readonly string[] } }).spec.audiences
}
const projected = (...audiences: readonly (string | undefined)[]): Volume => ({
  name: `p-${audiences.join('-')}`,
  projected: {
    sources: audiences.map((audience) => ({ serviceAccountToken: { path: `t-${audience}`, ...(audience ? { audience } : {}) } })),
  },
})
const inline = (driver: string): Volume => ({ name: `csi-${driver.split('.')[0]}`, csi: { driver } })
const claimed = (claimName: string): Volume => ({ name: claimName, persistentVolumeClaim: { claimName } })

async function driver({ client }: Booted, name: string, audiences?: readonly string[]): Promise<void> {
  const tokenRequests = audiences?.map((audience) => ({ audience }))
  const made = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name },
    spec: tokenRequests ? { tokenRequests } : {},
  }
  await client.create(csiDrivers, made)
}
async function claim({ client }: Booted, name: string, volumeName?: string): Promise<void> {
  const size = { requests: { storage: '1Gi' } }
  const spec = { accessModes: ['ReadWriteOnce'], resources: size, ...(volumeName ? { volumeName } : {}) }
  await client.create(persistentVolumeClaims, { ...named('v1', 'PersistentVolumeClaim', name), spec })
}
async function volume({ client }: Booted, name: string, source: object): Promise<void> {
  const spec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, ...source }
  await client.create(persistentVolumes, { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec })
}
async function refused(call: Promise<unknown>, why: string): Promise<void> {
  const error = (await assert.rejects(call)) as Error & { code?: number; status?: { details?: { kind?: string } } }
  assert.is(error.code, 403, error.message)
  assert.is(error.message.replace(/^serviceaccounts "(robot|other)" is forbidden: /, ''), why)
  assert.is(error.status?.details?.kind, 'serviceaccounts')
}
const foreign = (audience: string): string =>
  `audience "${audience}" not found in pod spec volume, system:node:one is not authorized to request tokens for this audience`

test('for whom a projected volume of the Pod names', async (t) => {
  const started = await start(t)
  const { run, token, asked } = started
  const pod = await run('a', [projected(undefined, 'vault'), projected('db')])
  assert.equal(await token(pod, ['vault']), ['vault'])
  assert.equal(await token(pod, ['db']), ['db'])
  assert.is((await token(pod)).length, 1, 'those of the API, as its own volume wants')
  assert.is((await token(pod, [])).length, 1)
  assert.equal(asked, [], 'nobody else is asked')
  await refused(token(pod, ['elsewhere']), foreign('elsewhere'))
  await refused(token(pod, ['vault', 'db']), 'node may only request 0 or 1 audiences')
})

test('a Pod without volumes gives no token away, not even for the API', async (t) => {
  const { client, token } = await start(t)
  const spec: Pod['spec'] = {
    nodeName: 'one',
    serviceAccountName: 'robot',
    automountServiceAccountToken: false,
    containers: [{ name: 'c', image: 'i' }],
  }
  const pod = await client.create(pods, { ...named('v1', 'Pod', 'a'), spec })
  await refused(token(pod), foreign(''))
  await refused(token(pod, ['vault']), foreign('vault'))
})

test('for whom the CSI driver of a volume wants tokens: inline, behind a claim, behind the claim of the Pod itself', async (t) => {
  const started = await start(t)
  const { run, token } = started
  await driver(started, 'secrets.example', ['vault'])
  await driver(started, 'silent.example')
  await volume(started, 'disk', { csi: { driver: 'secrets.example', volumeHandle: 'h' } })
  await volume(started, 'old', { hostPath: { path: '/x' } })
  await claim(started, 'bound', 'disk')
  await claim(started, 'b-own', 'disk')
  await claim(started, 'waiting')
  await claim(started, 'local', 'old')
  assert.equal(await token(await run('a', [inline('secrets.example')]), ['vault']), ['vault'])
  assert.equal(await token(await run('c', [claimed('waiting'), claimed('local'), claimed('bound')]), ['vault']), ['vault'])
  const template = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }
  const ephemeral = await run('b', [{ name: 'own', ephemeral: { volumeClaimTemplate: template } }])
  assert.equal(await token(ephemeral, ['vault']), ['vault'])
  await refused(token(ephemeral, ['db']), foreign('db'))
  await refused(token(await run('d', [inline('silent.example'), claimed('local')]), ['vault']), foreign('vault'))
})

test('what is not there to be asked is told, unless another volume wants the audience', async (t) => {
  const started = await start(t)
  const { run, token } = started
  await driver(started, 'secrets.example', ['vault'])
  await claim(started, 'lost', 'gone')
  const why = (...problems: readonly string[]): string => {
    return `error validating audience "vault": ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}`
  }
  const [noDriver, noClaim, noVolume] = [
    'csidriver.storage.k8s.io "gone.example" not found',
    'persistentvolumeclaim "none" not found',
    'persistentvolume "gone" not found',
  ]
  await refused(token(await run('a', [inline('gone.example')]), ['vault']), why(noDriver))
  await refused(token(await run('b', [claimed('none')]), ['vault']), why(noClaim))
  await refused(token(await run('c', [claimed('lost'), claimed('none')]), ['vault']), why(noVolume, noClaim))
  const rich = await run('d', [claimed('none'), inline('gone.example'), inline('secrets.example')])
  assert.equal(await token(rich, ['vault']), ['vault'])
  assert.equal(await token(await run('e', [claimed('none'), projected('vault')]), ['vault']), ['vault'])
})

test('what the Pod does not want, the authorizer may allow: for this audience and this account', async (t) => {
  const { run, token, node, asked } = await start(t)
  const pod = await run('a', [])
  assert.equal(await token(pod, ['registry']), ['registry'])
  assert.equal(asked, [{ verb, group: '', resource: 'registry', namespace: 'default', name: 'robot' }])
  await refused(tokenOf(node, 'other', pod, ['registry']), foreign('registry'))
})

test('who is no node asks for whom he likes; a node asks for nothing for a Pod elsewhere', async (t) => {
  const { client, clients, run, token, asked } = await start(t)
  const pod = await run('a', [projected('vault')])
  assert.equal(await tokenOf(client, 'robot', pod, ['x', 'y']), ['x', 'y'])
  assert.equal(await tokenOf(clients.as({ name: 'system:node:one' }), 'robot', pod, ['x', 'y']), ['x', 'y'])
  const two = clients.as({ name: 'system:node:two', groups: ['system:nodes'] })
  const elsewhere = 'node requested token bound to a pod scheduled on a different node'
  await refused(tokenOf(two, 'robot', pod, ['vault']), elsewhere)
  const stranger = { ...pod, metadata: { ...pod.metadata, name: 'gone' } }
  await refused(token(stranger, ['vault']), 'pods "gone" not found')
  assert.equal(asked, [])
})

test('many at once are judged each by its own Pod', async (t) => {
  const { run, token } = await start(t)
  const all = await Promise.all(['a', 'b', 'c'].map((name) => run(name, [projected(name)])))
  await Promise.all(
    all.flatMap((pod) =>
      ['a', 'b', 'c'].map(async (audience) => {
        if (pod.metadata.name === audience) assert.equal(await token(pod, [audience]), [audience])
        else await refused(token(pod, [audience]), foreign(audience))
      }),
    ),
  )
})
