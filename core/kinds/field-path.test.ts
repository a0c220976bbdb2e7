import { assert, test } from '@davit/core/testing'
import { nearestAt } from './field-path.js'

const container = { name: 'x', ports: [1, 2], image: undefined }
const spec = { containers: [container], empty: null }
const object = { metadata: { labels: { 'a.io/b': 'c' } }, spec }

const found: [path: string, value: unknown, depth: number][] = [
  ['spec.containers[0].name', 'x', 4],
  ['spec.containers[0].ports[1]', 2, 5],
  ['metadata.labels[a.io/b]', 'c', 3],
  ['spec.empty', null, 2],
  ['spec.containers.length', 1, 3],
  ['', object, 0],
  ['spec.containers[1].name', spec.containers, 2],
  ['spec.containers[0].image', container, 3],
  ['spec.containers[0].name.length', 'x', 4],
  ['spec.empty.more', null, 2],
  ['spec.{a, b}', spec, 1],
  ['<nil>', object, 0],
  ['constructor', object, 0],
  ['__proto__.x', object, 0],
]
for (const [path, value, depth] of found) test(`at "${path}"`, () => assert.equal(nearestAt(object, path), { value, depth }))
