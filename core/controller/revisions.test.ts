import { controllerRevisions, isConflict, statefulSets } from '../client/contract.js'
import type { ControllerRevision, PodTemplateSpec, StatefulSet } from '../kinds/contract.js'
import { assert, boot, type TestContext, test } from '../testing/contract.js'
import { revisionData, revisionTemplate, revisionText } from './revision-data.js'
import { forgettableRevisions, removeRevisions, settleRevision, sortRevisions } from './revisions.js'
import { shortHash } from './short-hash.js'

const hashLabel = 'example.com/hash'
const template = (image = 'web:1'): PodTemplateSpec => ({
  metadata: { labels: { app: 'web' } } as NonNullable<PodTemplateSpec['metadata']>,
  spec: { containers: [{ name: 'main', image }] },
})
const revision = (name: string, number: number, data: object = {}): ControllerRevision => ({
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  metadata: { name, namespace: 'default' },
  data,
  revision: number,
})
const names = (revisions: readonly ControllerRevision[]) => revisions.map(({ metadata }) => metadata.name)

test('the data is what a client in Go makes of the same template', () => {
  assert.is(
    JSON.stringify(revisionData(template())),
    '{"spec":{"template":{"$patch":"replace","metadata":{"creationTimestamp":null,"labels":{"app":"web"}},' +
      '"spec":{"containers":[{"image":"web:1","name":"main","resources":{}}]}}}}',
  )
})

test('empty structs are printed, empty lists are not', () => {
  const spec = {
    containers: [{ name: 'a', args: [], env: [{ name: 'x', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }] }],
    initContainers: [{ name: 'b', resources: { limits: { cpu: '1' } } }],
    volumes: [
      { name: 'scratch', emptyDir: {} },
      { name: 'disk', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
    ],
  }
  const data = revisionData({ spec }) as { spec: { template: { spec: object; metadata: object } } }
  assert.equal(data.spec.template.metadata, { creationTimestamp: null })
  assert.equal(data.spec.template.spec, {
    containers: [
      {
        name: 'a',
        env: [{ name: 'x', valueFrom: { resourceFieldRef: { divisor: '0', resource: 'limits.cpu' } } }],
        resources: {},
      },
    ],
    initContainers: [{ name: 'b', resources: { limits: { cpu: '1' } } }],
    volumes: [
      { name: 'scratch', emptyDir: {} },
      {
        name: 'disk',
        ephemeral: {
          volumeClaimTemplate: { metadata: { creationTimestamp: null }, spec: { accessModes: ['ReadWriteOnce'], resources: {} } },
        },
      },
    ],
  })
})

test('a template comes back out of its revision', () => {
  const back = revisionTemplate(revision('one', 1, revisionData(template())))
  assert.equal(back.spec?.containers, [{ image: 'web:1', name: 'main', resources: {} }])
  assert.equal(back.metadata?.labels, { app: 'web' })
  assert.not.ok('$patch' in back)
  assert.equal(revisionTemplate({ ...revision('none', 1), data: undefined }), {})
  assert.is(revisionText(revisionData(back)), revisionText(revisionData(template())), 'and is the same revision again')
})

test('hashes differ with the text and with the collisions, and are fit for names', () => {
  const hashes = [shortHash('a'), shortHash('b'), shortHash('a', 1), shortHash('a', 2)]
  assert.is(new Set(hashes).size, 4)
  for (const hash of hashes) assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{8,10}$/)
  assert.is(shortHash('a'), shortHash('a', 0))
})

test('revisions are in the order of their numbers, then of their age', () => {
  const aged = (name: string, number: number, creationTimestamp: string) => {
    const made = revision(name, number)
    return { ...made, metadata: { ...made.metadata, creationTimestamp } }
  }
  const list = [revision('c', 10), aged('b', 2, '2024-01-02T00:00:00Z'), aged('a', 2, '2024-01-03T00:00:00Z'), revision('d', 1)]
  assert.equal(names(sortRevisions(list)), ['d', 'b', 'a', 'c'])
})

test('the oldest beyond the limit are forgotten, never one in use', () => {
  const list = [revision('c', 3), revision('a', 1), revision('d', 4), revision('b', 2)]
  assert.equal(names(forgettableRevisions(list, new Set(['d', 'a']), 1)), ['b'])
  assert.equal(names(forgettableRevisions(list, new Set(['d']), 0)), ['a', 'b', 'c'])
  assert.equal(names(forgettableRevisions(list, new Set(), 10)), [])
})

async function owned(t: TestContext) {
  const { client, stop } = await boot()
  t.defer(stop)
  const object: StatefulSet = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'default', annotations: { note: 'mine' } },
    spec: { selector: { matchLabels: { app: 'web' } }, template: template(), serviceName: 'web' },
  }
  const owner = await client.create(statefulSets, object)
  const stored = async () => (await client.list(controllerRevisions, { namespace: 'default' })).items
  const settle = async (image: string, collisionCount = 0, revisions?: readonly ControllerRevision[]) => {
    const request = { owner, template: template(image), revisions: revisions ?? (await stored()), collisionCount, hashLabel }
    return settleRevision({ client, cause: { actor: 'test', trigger: { timer: 'test' } } }, request)
  }
  return { client, owner, stored, settle }
}

test('a new template gets the next number, a known one is renumbered, the newest is left alone', async (t) => {
  const { owner, settle, stored } = await owned(t)
  const { update: first, collisionCount } = await settle('web:1')
  assert.equal([first.revision, collisionCount], [1, 0])
  assert.equal(first.metadata.labels, { app: 'web', [hashLabel]: first.metadata.name.slice('web-'.length) })
  assert.equal(first.metadata.annotations, { note: 'mine' })
  assert.is(first.metadata.ownerReferences?.[0]?.uid, owner.metadata.uid)
  assert.is((await settle('web:1')).update.metadata.resourceVersion, first.metadata.resourceVersion, 'no write')
  assert.is((await settle('web:2')).update.revision, 2)
  const back = await settle('web:1')
  assert.equal([back.update.metadata.name, back.update.revision], [first.metadata.name, 3])
  assert.equal(
    back.revisions.map((each) => each.revision),
    [2, 3],
  )
  assert.is((await stored()).length, 2)
})

test('characters that Go escapes make neither another revision nor another template', async (t) => {
  const { settle, stored } = await owned(t)
  const image = 'a && b > c < d \u2028\u2029'
  const { update } = await settle(image)
  assert.is((await settle(image)).update.metadata.resourceVersion, update.metadata.resourceVersion, 'no write')
  const [kept] = await stored()
  assert.is(kept && revisionTemplate(kept).spec?.containers[0]?.image, image)
  await settle('web:2')
  assert.equal([(await settle(image)).update.metadata.name, (await stored()).length], [update.metadata.name, 2])
})

test('an informer that is behind makes no second revision', async (t) => {
  const { settle, stored } = await owned(t)
  const { update } = await settle('web:1')
  const again = await settle('web:1', 0, [])
  assert.equal([again.update.metadata.uid, again.collisionCount], [update.metadata.uid, 0])
  assert.is((await stored()).length, 1)
})

test('a renumbering from an old state is a conflict', async (t) => {
  const { client, settle, stored } = await owned(t)
  const { update } = await settle('web:1')
  await settle('web:2')
  const old = await stored()
  await client.patch(controllerRevisions, 'default', update.metadata.name, 'merge', { metadata: { labels: { x: 'y' } } })
  await assert.rejects(() => settle('web:1', 0, old), isConflict)
})

test('a name that another object has leads to another name', async (t) => {
  const { client, settle } = await owned(t)
  const hash = shortHash(revisionText(revisionData(template())))
  await client.create(controllerRevisions, revision(`web-${hash}`, 7, { spec: {} }))
  const { update, collisionCount } = await settle('web:1', 0, [])
  assert.is(collisionCount, 1)
  assert.is.not(update.metadata.name, `web-${hash}`)
  assert.is(update.revision, 1)
})

test('removing what is gone already is no failure; what came under its name stays', async (t) => {
  const { client, settle, stored } = await owned(t)
  const { update } = await settle('web:1')
  const writer = { client, cause: { actor: 'test', trigger: { timer: 'test' } } }
  await removeRevisions(writer, [update])
  await removeRevisions(writer, [update])
  assert.equal(await stored(), [])
})
