import { assert, type TestContext, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import type { Connection } from '../kube/connection.js'
import { create, type Tree, until } from './objects.js'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const widgets = '/apis/example.com/v1/namespaces/default/widgets'
const definition: Tree = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: 'Color', type: 'string', jsonPath: '.spec.color' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', description: 'What is wanted.', properties: { color: { type: 'string', default: 'red' } } },
            },
          },
        },
      },
    ],
  },
}
const widget = (name: string): Tree => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec: {} })

async function defined(t: TestContext): Promise<{ connection: Connection; directory: string; stop(): Promise<void> }> {
  const { connection, directory, kernel } = await startCluster(t, { flags: { 'no-node': true } })
  await create(connection, definitions, definition)
  await until('the definition is established', async () => {
    const { status } = await connection.json<Tree>('GET', `${definitions}/widgets.example.com`)
    return status.conditions.some(({ type, status: value }: Tree) => type === 'Established' && value === 'True')
  })
  return { connection, directory, stop: () => kernel.stop() }
}

test('once a definition is established its kind is in discovery, in documents and in tables', async (t) => {
  const { connection } = await defined(t)
  const { resources } = await connection.json<Tree>('GET', '/apis/example.com/v1')
  assert.equal(
    resources.map(({ name, kind, shortNames }: Tree) => [name, kind, shortNames]),
    [
      ['widgets', 'Widget', ['wd']],
      ['widgets/status', 'Widget', undefined],
    ],
  )
  const { groups } = await connection.json<Tree>('GET', '/apis')
  assert.ok(groups.some(({ name }: Tree) => name === 'example.com'))
  const { paths } = await connection.json<Tree>('GET', '/openapi/v3')
  assert.ok(paths['apis/example.com/v1'])
  const document = await connection.json<Tree>('GET', paths['apis/example.com/v1'].serverRelativeURL)
  const { properties } = document.components.schemas['com.example.v1.Widget']
  assert.is(properties.spec.description, 'What is wanted.')
  assert.match(properties.metadata.$ref, /ObjectMeta$/)

  await create(connection, widgets, widget('a'))
  const table = await connection.json<Tree>('GET', widgets, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
  assert.equal(
    table.columnDefinitions.map(({ name }: Tree) => name),
    ['Name', 'Color'],
  )
  assert.equal(table.rows[0].cells, ['a', 'red'])

  await connection.json('DELETE', `${definitions}/widgets.example.com`)
  await until('the kind is gone', async () => (await connection.raw('GET', '/apis/example.com/v1')).code === 404)
  await until('the definition is gone', async () => {
    return (await connection.raw('GET', `${definitions}/widgets.example.com`)).code === 404
  })
})

test('a server that is ready serves what was defined before', async (t) => {
  const first = await defined(t)
  await create(first.connection, widgets, widget('a'))
  await first.stop()
  const { connection } = await startCluster(t, { flags: { 'no-node': true }, directory: first.directory })
  const { items } = await connection.json<{ items: Tree[] }>('GET', widgets)
  assert.equal(
    items.map(({ metadata }) => metadata.name),
    ['a'],
  )
})
