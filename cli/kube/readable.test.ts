import { assert, test } from '@davit/core/testing'
import { type Described, readable } from './readable.js'

const metadata = { name: 'a', uid: '1' }
const applied = 'kubectl.kubernetes.io/last-applied-configuration'

test('the values of a Secret are told by their size alone, wherever they stand', () => {
  const annotations = { [applied]: '{"stringData":{"password":"hunter2"}}', note: 'kept' }
  const secret = {
    kind: 'Secret',
    type: 'Opaque',
    metadata: { ...metadata, annotations },
    data: { password: 'aHVudGVyMg==', none: '' },
  }
  assert.equal(readable(secret as Described), {
    kind: 'Secret',
    type: 'Opaque',
    metadata: { ...metadata, annotations: { note: 'kept' } },
    data: { password: '7 bytes', none: '0 bytes' },
  })
  assert.equal(readable({ kind: 'Secret', metadata }), { kind: 'Secret', metadata, data: {} })
})

test('of others only what programs keep for themselves is left out', () => {
  const map = {
    kind: 'ConfigMap',
    metadata: { ...metadata, managedFields: [{}], annotations: { [applied]: '{}' } },
    data: { a: 'b' },
  }
  assert.equal(readable(map), { kind: 'ConfigMap', metadata, data: { a: 'b' } })
  const plain = { metadata: { ...metadata, annotations: { b: 'c' } } }
  assert.equal(readable(plain), plain)
})
