import { isConflict, replicaSets } from '../client/contract.js'
import { assert, boot, test } from '../testing/contract.js'
import { writeStatus } from './contract.js'

const cause = { actor: 'test', trigger: { timer: 'test' } }
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'a' }] } }
const set = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: 'default' },
  spec: { replicas: 0, selector: { matchLabels: { app: 'web' } }, template },
}

test('a status that says something new is written, with the rest as it is', async (t) => {
  const { client, stop } = await boot()
  t.defer(stop)
  const made = await client.create(replicaSets, set)
  const written = await writeStatus({ client, cause }, replicaSets, made, { replicas: 3, readyReplicas: 1 })
  assert.equal(written.status, { replicas: 3, readyReplicas: 1 })
  assert.equal(written.spec, made.spec)
  assert.equal(await client.get(replicaSets, 'default', 'web'), written)
  const again = await writeStatus({ client, cause }, replicaSets, written, { readyReplicas: 1, replicas: 3 })
  assert.is(again, written, 'the order of fields says nothing')
  const late = writeStatus({ client, cause }, replicaSets, made, { replicas: 4 })
  assert.ok(isConflict(await late.catch((error: unknown) => error)), 'who has an older object writes nothing')
})

test('no status and an empty one are the same', async (t) => {
  const { client, stop } = await boot()
  t.defer(stop)
  const made = await client.create(replicaSets, set)
  const { status: _status, ...bare } = made
  assert.is(await writeStatus({ client, cause }, replicaSets, bare, {} as never), bare)
})
