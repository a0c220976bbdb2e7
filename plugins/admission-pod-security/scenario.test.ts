import { ApiPipelineToken } from '@davit/core/api'
import { ApiError, deployments, namespaces, pods } from '@davit/core/client'
import type { KubeObject, PodSpec } from '@davit/core/kinds'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const admin = { name: 'admin', groups: ['system:masters'] }
const prefix = 'pod-security.kubernetes.io/'
const spec: PodSpec = { containers: [{ name: 'main', image: 'i' }] }
const pod = (name: string, more: Partial<PodSpec> = {}, namespace = 'ns') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { ...spec, ...more },
})

async function plane(t: TestContext, labels: Record<string, string> = {}, config: object = {}) {
  const booted = await boot({ plugins: [{ plugin, config }] })
  t.defer(() => booted.stop())
  const pipeline = booted.kernel.get(ApiPipelineToken)
  const own = (given: Record<string, string>) =>
    Object.fromEntries(Object.entries(given).map(([name, value]) => [`${prefix}${name}`, value]))
  await booted.client.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'ns', labels: own(labels) },
    spec: {},
  })
  /** Sends it and answers with the warnings, the message of a refusal last. */
  const send = async (
    verb: 'create' | 'patch',
    resource: string,
    body: KubeObject | object,
    group = '',
    name = '',
  ): Promise<string[]> => {
    const namespace = resource === 'namespaces' ? '' : 'ns'
    const warnings: string[] = []
    const notes = { warnings, annotations: new Map(), warn: (text: string) => void warnings.push(text), audit: () => undefined }
    const patch = verb === 'patch' ? ({ patchType: 'merge' } as const) : {}
    try {
      await pipeline.handle({
        ...{ verb, group, version: 'v1', resource, namespace, name, query: {}, user: admin, userAgent: 'test', body },
        ...{ notes, ...patch },
      })
    } catch (error) {
      assert.ok(error instanceof ApiError)
      warnings.push(`${error.code} ${error.message}`)
    }
    return warnings
  }
  const label = (given: Record<string, string>) => send('patch', 'namespaces', { metadata: { labels: own(given) } }, '', 'ns')
  return { ...booted, send, label }
}

test('without labels everything is let through in silence', async (t) => {
  const { send } = await plane(t)
  assert.equal(await send('create', 'pods', pod('a', { hostNetwork: true })), [])
})

test('a Pod beyond the level is refused with every reason', async (t) => {
  const { send } = await plane(t, { enforce: 'baseline' })
  assert.equal(await send('create', 'pods', pod('a', { hostNetwork: true, hostPID: true })), [
    '403 pods "a" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true, hostPID=true)',
  ])
  assert.equal(await send('create', 'pods', pod('a')), [])
})

test('warnings, also for what only makes Pods', async (t) => {
  const { send } = await plane(t, { enforce: 'baseline', 'enforce-version': 'v1.33' })
  const metadata = { name: 'web', namespace: 'ns' }
  const template = { metadata: { labels: { app: 'web' } }, spec: { ...spec, hostNetwork: true } }
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { selector: { matchLabels: { app: 'web' } }, template },
  }
  assert.equal(await send('create', 'deployments', body, 'apps'), [
    'would violate PodSecurity "baseline:v1.33": host namespaces (hostNetwork=true)',
  ])
  const { send: quiet } = await plane(t, { warn: 'restricted', 'warn-version': 'v1.7' })
  assert.equal(await quiet('create', 'pods', pod('a')), [
    'would violate PodSecurity "restricted:v1.7": runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true)',
  ])
})

test('labels that cannot be read are refused, old ones may stay', async (t) => {
  const { send, label } = await plane(t)
  const metadata = { name: 'other', labels: { [`${prefix}enforce`]: 'strict' } }
  const expected = `metadata.labels[${prefix}enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted`
  assert.equal(await send('create', 'namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata }), [
    `422 Namespace "other" is invalid: ${expected}`,
  ])
  assert.equal(await label({ enforce: 'strict' }), [`422 Namespace "ns" is invalid: ${expected}`])
})

test('a namespace that gets stricter is told what of it would be refused', async (t) => {
  const { send, label } = await plane(t)
  for (const name of ['b', 'a', 'c']) await send('create', 'pods', pod(name, { hostNetwork: true }))
  await send('create', 'pods', pod('d', { hostPID: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] }))
  assert.equal(await label({ enforce: 'baseline' }), [
    'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
    'a (and 2 other pods): host namespaces',
    'd: host namespaces, hostPath volumes',
  ])
  assert.equal(await label({ enforce: 'privileged' }), [])
})

test('a change that does not matter is let through, an image is looked at again', async (t) => {
  const { send, label } = await plane(t)
  await send('create', 'pods', pod('a', { hostNetwork: true }))
  await label({ enforce: 'baseline' })
  assert.equal(await send('patch', 'pods', { metadata: { labels: { a: 'b' } } }, '', 'a'), [])
  const change = { spec: { containers: [{ name: 'main', image: 'j' }] } }
  assert.match((await send('patch', 'pods', change, '', 'a')).join(), /^403 .*host namespaces/)
})

test('exemptions and defaults of the configuration', async (t) => {
  const strict = { enforce: 'baseline' }
  const host = pod('a', { hostNetwork: true })
  assert.match((await (await plane(t, {}, strict)).send('create', 'pods', host)).join(), /^403/)
  for (const exemptions of [{ exemptNamespaces: ['ns'] }, { exemptUsernames: ['admin'] }, { exemptRuntimeClasses: ['sealed'] }]) {
    const { send } = await plane(t, {}, { ...strict, ...exemptions })
    assert.equal(await send('create', 'pods', pod('a', { hostNetwork: true, runtimeClassName: 'sealed' })), [])
  }
})

test('what controllers and nodes write to a Pod that is there is no matter of the standard', async (t) => {
  const { client, label } = await plane(t)
  await client.create(pods, pod('a', { hostNetwork: true }))
  await label({ enforce: 'restricted' })
  const target = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a', namespace: 'ns' }, target: { name: 'one' } }
  await client.createSubresource(pods, 'ns', 'a', 'binding', target)
  const bound = await client.get(pods, 'ns', 'a')
  await client.updateStatus(pods, { ...bound, status: { phase: 'Running' } })
  await assert.rejects(client.get(deployments, 'ns', 'missing'))
})
