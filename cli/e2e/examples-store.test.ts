import { assert, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import { exampleFile } from './examples.js'
import { create, isRunning, podObject, podOnce, podsPath } from './objects.js'

test('store-tracing: a cluster runs on it, and its trace shows what is written', async (t) => {
  const { connection, kernel, lines } = await startCluster(t, { file: exampleFile('store-tracing'), nodes: ['one'] })
  assert.not.ok(kernel.order.includes('store-level'))
  await create(connection, podsPath, podObject('kept'))
  const pod = await podOnce(connection, 'kept', isRunning)
  const traced = lines.filter(
    ({ message, fields }) => message === 'transaction' && String(fields.wrote).includes('pods/default/kept'),
  )
  const last = traced.at(-1)?.fields.revision
  assert.ok(traced.length >= 3, 'made, bound, running')
  assert.is(String(last), pod.metadata.resourceVersion)
  await connection.json('DELETE', `${podsPath}/kept`)
  assert.is((await connection.raw('GET', `${podsPath}/kept`)).code, 404)
})
