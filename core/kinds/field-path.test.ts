import { assert, test } from '@davit/core/testing'
import { valueAt } from './field-path.js'

const object = {
  metadata: { labels: { 'a.io/b': 'c' } },
  spec: { containers: [{ name: 'x', ports: [1, 2] }], empty: null },
}

const found: [path: string, value: unknown][] = [
  ['spec.containers[0].name', 'x'],
  ['spec.containers[0].ports[1]', 2],
  ['metadata.labels[a.io/b]', 'c'],
  ['spec.empty', null],
  ['', object],
  ['spec.containers[1].name', undefined],
  ['spec.containers[0].name.length', undefined],
  ['spec.empty.more', undefined],
  ['spec.{a, b}', undefined],
  ['<nil>', undefined],
  ['spec.containers.length', 1],
  ['constructor', undefined],
  ['__proto__.x', undefined],
]
for (const [path, value] of found) test(`at "${path}"`, () => assert.equal(valueAt(object, path), value))
