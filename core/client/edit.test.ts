import type { ConfigMap } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { edit } from './edit.js'

const settings: ConfigMap = Object.freeze({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: Object.freeze({ name: 'settings', finalizers: Object.freeze(['a']) as string[] }),
  data: Object.freeze({ a: '1' }),
})

test('changes a copy, at any depth, and leaves the object alone', () => {
  const changed = edit(settings, (draft) => {
    draft.data = { ...draft.data, b: '2' }
    draft.metadata.finalizers?.push('b')
  })
  assert.equal(changed.data, { a: '1', b: '2' })
  assert.equal(changed.metadata.finalizers, ['a', 'b'])
  assert.equal(settings.data, { a: '1' })
  assert.equal(settings.metadata.finalizers, ['a'])
})

test('the copy stays open to further changes', () => {
  const changed = edit(settings, () => undefined)
  assert.equal(changed, settings)
  changed.metadata.name = 'other'
  assert.is(settings.metadata.name, 'settings')
})
