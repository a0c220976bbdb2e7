import { nodes } from '@davit/core/client'
import type { Node } from '@davit/core/kinds'
import { assert, boot, test } from '@davit/core/testing'
import plugin from './index.js'

const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }
const own = { key: 'example.com/own', effect: 'NoExecute' }
const node = (name: string, ready?: string, taints?: Node['spec']['taints']): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: { ...(taints && { taints }) },
  ...(ready && { status: { conditions: [{ type: 'Ready', status: ready }] } }),
})

test('a new node is tainted until it is ready, and keeps its own taints', async (t) => {
  const { client, stop } = await boot({ plugins: [{ plugin }] })
  t.defer(stop)
  const taints = async (object: Node) => (await client.create(nodes, object)).spec.taints
  assert.equal(await taints(node('silent')), [taint])
  assert.equal(await taints(node('starting', 'False', [own])), [own, taint])
  assert.equal(await taints(node('told', 'False', [taint])), [taint])
  assert.equal(await taints(node('ready', 'True')), undefined)
  const freed = await client.patch(nodes, '', 'silent', 'merge', { spec: { taints: null } })
  assert.is(freed.spec.taints, undefined, 'only a new one')
})
