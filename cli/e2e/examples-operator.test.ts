import { assert, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import { exampleFile } from './examples.js'
import { create, type Tree, until } from './objects.js'

const sites = '/apis/example.davit.dev/v1/namespaces/default/websites'
const maps = '/api/v1/namespaces/default/configmaps'
const website = (name: string, spec: Tree): Tree => ({
  apiVersion: 'example.davit.dev/v1',
  kind: 'Website',
  metadata: { name },
  spec,
})

test('operator-website: a site has its pages, a place in the index and a status, and leaves nothing behind', async (t) => {
  const { connection } = await startCluster(t, { file: exampleFile('operator-website') })
  const find = async (path: string) => {
    const { code, body } = await connection.raw('GET', path)
    return code === 200 ? (JSON.parse(body.toString()) as Tree) : undefined
  }
  await assert.rejects(
    create(connection, sites, website('none', { pages: {} })),
    /422.*spec.pages in body should have at least 1/,
  )

  const made = await create(connection, sites, website('shop', { pages: { 'index.html': 'Welcome' } }))
  assert.is(made.spec.title, 'Untitled')
  await create(connection, sites, website('blog', { title: 'Blog', pages: { a: '1', b: '2' } }))
  await until('the pages', async () => (await find(`${maps}/website-shop`))?.data['index.html'] === 'Welcome')
  await until('both in the index', async () => {
    const { shop, blog } = (await find(`${maps}/website-index`))?.data ?? {}
    return shop === 'Untitled' && blog === 'Blog'
  })
  await until('the status', async () => (await find(`${sites}/blog`))?.status?.pages === 2)

  const change = { body: { spec: { pages: { 'more.html': 'More' } } }, contentType: 'application/merge-patch+json' }
  await connection.json('PATCH', `${sites}/shop`, change)
  const isObserved = ({ metadata, status }: Tree) => status?.pages === 2 && status.observedGeneration === metadata.generation
  await until('the change is observed', async () => {
    const site = await find(`${sites}/shop`)
    return site !== undefined && isObserved(site)
  })
  assert.is((await find(`${maps}/website-shop`))?.data['more.html'], 'More')
  await connection.json('DELETE', `${maps}/website-shop`)
  await until('what was taken away comes back', async () => (await find(`${maps}/website-shop`)) !== undefined)

  await connection.json('DELETE', `${sites}/shop`)
  await until('the site is gone', async () => (await find(`${sites}/shop`)) === undefined)
  assert.is((await find(`${maps}/website-index`))?.data.shop, undefined)
  await until('its pages are collected', async () => (await find(`${maps}/website-shop`)) === undefined)
  assert.ok(await find(`${sites}/blog`))
})
