import { join } from 'node:path'
import { nodes } from '../../client/contract.js'
import { assert, boot, createTestServices, test } from '../../testing/contract.js'
import { ApiPipelineToken } from '../contract.js'
import { createNodeConnections } from '../node-connections.js'
import { nodeAgents } from './node-agents.js'
import { loadCertificates } from './pki.js'

test('a key that could not be loaded is loaded anew with the next question, and one that was, for a day', async (t) => {
  const { kernel, client, clock, stop } = await boot()
  t.defer(() => stop())
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    // Nobody listens there: the key is asked for all the same.
    daemonEndpoints: { kubeletEndpoint: { Port: 1 } },
  }
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {}, status })
  const { admin, authority } = await loadCertificates({
    directory: join(await t.directory(), 'pki'),
    names: [],
    now: clock.now(),
  })
  const connections = createNodeConnections()
  let asked = 0
  const agents = nodeAgents({
    ...{ connections, clock, log: createTestServices().log, pipeline: kernel.get(ApiPipelineToken), ca: authority.certificate },
    async identity() {
      asked += 1
      if (asked === 1) throw new Error('the disk is full')
      return admin
    },
  })
  t.defer(() => agents.close())
  const usage = async (): Promise<unknown> => connections.get('one')?.usage?.()
  await assert.rejects(usage(), /the disk is full/)
  await assert.rejects(usage(), /node one cannot be reached/)
  await assert.rejects(usage(), /node one cannot be reached/)
  assert.is(asked, 2)
  await clock.advance(25 * 3_600_000)
  await assert.rejects(usage(), /node one cannot be reached/)
  assert.is(asked, 3)
})
