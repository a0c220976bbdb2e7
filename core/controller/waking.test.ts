import type { KubeObject, OwnerReference } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { keysOfDependant } from './waking.js'

const controller = (name: string, kind = 'Box'): OwnerReference => {
  return { apiVersion: 'v1', kind, name, uid: `uid-${name}`, controller: true }
}
const object = (owner?: OwnerReference, labels: Record<string, string> = { app: 'a' }): KubeObject => {
  return {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name: 'x', namespace: 'n', labels, ...(owner && { ownerReferences: [owner] }) },
  }
}
const box = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Box', metadata: { name, namespace: 'n' } })
const keys = (now: KubeObject, old?: KubeObject, deleted = false) => {
  let asked = false
  const found = keysOfDependant('Box', now, { ...(old && { old }), deleted }, () => {
    asked = true
    return [box('one'), box('two')]
  })
  return [...found, ...(asked ? ['asked'] : [])]
}

test('a dependant wakes its controller, and the one before', () => {
  assert.equal(keys(object(controller('one')), object(controller('one'))), ['n/one'])
  assert.equal(keys(object(controller('one')), object(controller('two'))), ['n/one', 'n/two'])
  assert.equal(keys(object(controller('one')), object(controller('one')), true), ['n/one'])
  assert.equal(keys(object(controller('one', 'Bag'))), [], 'another kind')
})

test('an orphan wakes who would take it on: when it comes, is let go or has other labels', () => {
  assert.equal(keys(object()), ['n/one', 'n/two', 'asked'])
  assert.equal(keys(object(), object(controller('two'))), ['n/two', 'n/one', 'asked'], 'each once')
  assert.equal(keys(object(undefined, { app: 'b' }), object()), ['n/one', 'n/two', 'asked'])
  assert.equal(keys(object(), object()), [], 'nothing that matters has changed')
  assert.equal(keys(object(), undefined, true), [], 'it is gone')
})
