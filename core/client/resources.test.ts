import { createRegistry, offeredKind } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import type { ResourceRef } from './contract.js'
import * as resources from './resources.js'

const refs = Object.values(resources) as readonly ResourceRef[]

test('every built-in resource has its reference, and every reference its resource', () => {
  const text = ({ group, version, resource, kind, namespaced }: ResourceRef): string =>
    [group, version, resource, kind, namespaced].join(' ')
  const source = { get: async () => undefined, list: async () => [] }
  const offered = ['NodeMetrics', 'PodMetrics'].map((kind) => offeredKind('metrics.k8s.io/v1beta1', kind, source))
  assert.equal(refs.map(text).sort(), [...createRegistry().all(), ...offered].map(text).sort())
})

test('references are frozen', () => {
  assert.ok(refs.every((ref) => Object.isFrozen(ref)))
})
