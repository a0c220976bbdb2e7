import { storageClasses } from '@davit/core/client'
import { controlPlane } from '@davit/core/controller/testkit'
import type { StorageClass } from '@davit/core/kinds'
import { assert, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'
import { startingClass } from './starting-class.js'

const mark = 'storageclass.kubernetes.io/is-default-class'

async function plane(t: TestContext, config: object = {}) {
  const at = await controlPlane(t, [{ plugin, config }])
  const classes = async () => [...(await at.client.list(storageClasses)).items]
  const again = async (next: object = config) => {
    await at.kernel.reload('provisioner-local-path', { plugin, config: next })
    await at.quiet()
  }
  return { ...at, classes, again }
}
const marked = ({ metadata }: StorageClass) => `${metadata.name} ${metadata.annotations?.[mark] ?? ''}`.trim()

test('a new cluster has a default class that makes folders', async (t) => {
  const { classes } = await plane(t)
  const [only] = await classes()
  assert.equal(
    [only?.provisioner, only?.volumeBindingMode, only?.reclaimPolicy],
    ['davit.dev/local-path', 'WaitForFirstConsumer', 'Delete'],
  )
  assert.equal((await classes()).map(marked), ['local-path true'])
})

test('what is there stays, what is missing is made at the next start', async (t) => {
  const { client, classes, again } = await plane(t)
  await client.patch(storageClasses, '', 'local-path', 'merge', { metadata: { annotations: { [mark]: 'false' } } })
  const before = (await classes())[0]?.metadata.resourceVersion
  await again()
  assert.is((await classes())[0]?.metadata.resourceVersion, before)
  await client.delete(storageClasses, '', 'local-path')
  await again()
  assert.equal((await classes()).map(marked), ['local-path true'])
})

test('another default class stays the only one', async (t) => {
  const { client, classes, again } = await plane(t, { storageClass: '' })
  assert.equal(await classes(), [])
  await client.create(storageClasses, startingClass('fast', true))
  await again({})
  assert.equal((await classes()).map(marked), ['fast true', 'local-path'])
})

test('the class has the name that the configuration says, and is no default where that says so', async (t) => {
  const { classes } = await plane(t, { storageClass: 'folders', defaultClass: false })
  assert.equal((await classes()).map(marked), ['folders'])
})
