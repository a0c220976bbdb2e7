import { assert, test } from '@davit/core/testing'
import type { KubeObject, TableCell } from '../contract.js'
import { customTable } from './columns.js'
import { parseJsonPath, valueAt } from './json-path.js'

const object = {
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name: 'a', creationTimestamp: '2024-01-01T00:00:00Z', annotations: { 'a.b/c': 'dotted' } },
  spec: { size: 3, ratio: 0.5, on: true, color: 'red', tags: ['x', 'y', 'z'], nested: { deep: { name: 'n' } } },
  status: {
    conditions: [
      { type: 'Ready', status: 'True', weight: 2 },
      { type: 'Synced', status: 'False', weight: 5 },
    ],
    last: '2024-01-01T00:00:00Z',
  },
} as unknown as KubeObject

const paths: [path: string, values: unknown[]][] = [
  ['.spec.color', ['red']],
  ['.spec.none.at.all', []],
  ['{.spec.color}', ['red']],
  ['$.spec.color', ['red']],
  ['.metadata.annotations.a\\.b/c', ['dotted']],
  [".metadata.annotations['a.b/c']", ['dotted']],
  ['.spec.tags[0]', ['x']],
  ['.spec.tags[-1]', ['z']],
  ['.spec.tags[9]', []],
  ['.spec.tags[0,2]', ['x', 'z']],
  ['.spec.tags[1:]', ['y', 'z']],
  ['.spec.tags[0:2]', ['x', 'y']],
  ['.spec.tags[*]', ['x', 'y', 'z']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  [".status.conditions[?(@.type == 'Synced')].status", ['False']],
  ['.status.conditions[?(@.weight>2)].type', ['Synced']],
  ['.status.conditions[?(@.weight<=2)].type', ['Ready']],
  ['.status.conditions[?(@.type!="Ready")].type', ['Synced']],
  ['.status.conditions[?(@.none)].type', []],
  ['.status.conditions[?(@.weight)].type', ['Ready', 'Synced']],
  ['.status.conditions[*].type', ['Ready', 'Synced']],
  ['.spec..name', ['n']],
  ['.spec.nested.*.name', ['n']],
]
for (const [path, values] of paths) {
  test(`the path ${path}`, () => {
    const read = parseJsonPath(path)
    assert.type(read, 'function')
    if (typeof read !== 'string') assert.equal(read(object), values)
  })
}
for (const path of ['.spec[', '.a[b]', '.a[?(@.x==y)]', '.a[?(x)]', '.a[?(@.x~"y")]']) {
  test(`${path} cannot be read`, () => assert.type(parseJsonPath(path), 'string'))
}

const now = Date.parse('2024-01-01T01:30:00Z')
const cells = (type: string, jsonPath: string): TableCell[] =>
  customTable([{ name: 'C', type, jsonPath }])
    .row(object, now)
    .slice(1)

const shown: [type: string, path: string, cell: TableCell][] = [
  ['string', '.spec.color', 'red'],
  ['string', '.spec.size', '3'],
  ['string', '.spec.on', 'true'],
  ['string', '.spec.nested', '{"deep":{"name":"n"}}'],
  ['string', '.spec.tags[*]', 'x'],
  ['integer', '.spec.size', 3],
  ['integer', '.spec.ratio', 0],
  ['integer', '.spec.color', null],
  ['number', '.spec.ratio', 0.5],
  ['boolean', '.spec.on', true],
  ['boolean', '.spec.color', null],
  ['date', '.status.last', '90m'],
  ['date', '.spec.color', '<invalid>'],
  ['date', '.spec.size', null],
  ['string', '.spec.missing', null],
]
for (const [type, path, cell] of shown) {
  test(`a column of type ${type} at ${path}`, () => assert.equal(cells(type, path), [cell]))
}

test('without columns of its own a table has the age; priorities and formats are taken over', () => {
  const plain = customTable(undefined)
  assert.equal(
    plain.columns.map(({ name, type }) => `${name} ${type}`),
    ['Name string', 'Age date'],
  )
  assert.equal(plain.row(object, now), ['a', '90m'])
  const [, column] = customTable([
    { name: 'Size', type: 'integer', format: 'int32', priority: 1, jsonPath: '.spec.size' },
  ]).columns
  assert.equal([column?.priority, column?.format], [1, 'int32'])
  assert.equal(customTable([]).columns.length, 2)
})

test('a value by names alone', () => {
  assert.is(valueAt(object, ['spec', 'nested', 'deep', 'name']), 'n')
  assert.is(valueAt(object, ['spec', 'color', 'x']), undefined)
})
