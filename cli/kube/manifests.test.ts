import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { parseManifests, readManifests } from './manifests.js'

const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n'
const data = async (yaml: string) =>
  (await parseManifests(`${head}data:\n  x: ${yaml}\n`, 'test')).map((object) => (object.data as { x: unknown }).x)

// What Kubernetes' own YAML reader makes of them: version 1.1, but times stay text.
const scalars: readonly (readonly [string, unknown])[] = [
  ['yes', true],
  ['off', false],
  ['"yes"', 'yes'],
  ['0644', 420],
  ['1_000', 1000],
  ['0x1F', 31],
  ['1e3', 1000],
  ['~', null],
  ['2026-01-02', '2026-01-02'],
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
  ['12:30:45', '12:30:45'],
  ['1.10', 1.1],
  ['v1.10', 'v1.10'],
]
for (const [yaml, value] of scalars) {
  test(`${yaml} is ${JSON.stringify(value)}`, async () => assert.equal(await data(yaml), [value]))
}

test('anchors and merges are followed', async () => {
  const text = `${head}data: &base { a: one }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\ndata:\n  <<: { a: one }\n  b: two\n`
  const [, second] = await parseManifests(text, 'test')
  assert.equal(second?.data, { a: 'one', b: 'two' })
})

test('documents come in order; empty ones and comments are none', async () => {
  const text = `# a comment\n---\n${head}---\n---\n${head.replace('name: a', 'name: b')}`
  assert.equal(
    (await parseManifests(text, 'test')).map((object) => object.metadata.name),
    ['a', 'b'],
  )
})

test('JSON is YAML, and lists of any kind are taken apart', async () => {
  const item = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
  const inner = { apiVersion: 'v1', kind: 'ConfigMapList', items: [item('b'), item('c')] }
  const list = { apiVersion: 'v1', kind: 'List', items: [item('a'), inner] }
  assert.equal(
    (await parseManifests(JSON.stringify(list, null, 2), 'test')).map((object) => object.metadata.name),
    ['a', 'b', 'c'],
  )
})

const mistakes: readonly (readonly [string, string, RegExp])[] = [
  ['broken YAML', `${head}data: [1\nx: 2\n`, /^test: .* at line 5, column 1/],
  ['a key twice', `${head}kind: Secret\n`, /^test: Map keys must be unique at line 4, column 1/],
  ['no kind', `${head}---\n\napiVersion: v1\nmetadata: {}\n`, /^test, the object at line 6 has no apiVersion or no kind/],
  ['no metadata', 'apiVersion: v1\nkind: Pod\n', /^test, the object at line 1 is a Pod without metadata/],
  ['a text', 'hello\n', /^test, the object at line 1 has no apiVersion/],
  ['a list with nonsense', '{ apiVersion: v1, kind: List, items: [1] }', /line 1, in a list, has no apiVersion/],
]
for (const [name, text, message] of mistakes) {
  test(`said with its place: ${name}`, () => assert.rejects(parseManifests(text, 'test'), message))
}

test('of a folder the YAML and JSON files are read, in order of name, not deeper', async (t) => {
  const directory = await t.directory()
  const write = (file: string, name: string) => writeFile(path.join(directory, file), head.replace('name: a', `name: ${name}`))
  await mkdir(path.join(directory, 'deeper'))
  await write('b.yml', 'second')
  await write('a.yaml', 'first')
  await write('notes.txt', 'never')
  await write('deeper/c.yaml', 'never')
  assert.equal(
    (await readManifests([directory])).map((object) => object.metadata.name),
    ['first', 'second'],
  )
})

test('what cannot be read, and what is empty, is said', async (t) => {
  const directory = await t.directory()
  await assert.rejects(readManifests([path.join(directory, 'gone.yaml')]), /cannot read .*gone\.yaml: no such file \(ENOENT\)$/)
  await assert.rejects(readManifests([directory]), /no objects in/)
})
