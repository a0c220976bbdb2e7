// @serial machine
// @timeout 300
import { runtimeKit } from '@davit/core/node/testkit'
import { assert, createTestServices, suite } from '@davit/core/testing'
import { createContainerdDriver } from './driver.js'
import { cniRange as podCidr, startContainerd } from './private-containerd.js'
import { configOf, leftOver } from './testing.js'

const containerd = await startContainerd({ between: false })
const config = configOf(containerd)
const { log } = createTestServices()

runtimeKit(
  'containerd',
  ({ clock }) => ({ driver: createContainerdDriver({ clock, log, config }), image: 'busybox:1', podCidr }),
  { requires: ['containerd', 'root'] },
)

const test = suite('after the kit')
test.after(() => containerd?.stop())
test(
  'purging the nodes of the kit leaves no sandbox',
  async (t) => {
    const { clock } = createTestServices()
    const driver = createContainerdDriver({ clock, log, config })
    for (const nodeName of ['kit', 'another']) {
      await driver.purge({ nodeName, directory: '/nonexistent', podCidr, signal: t.signal })
    }
    assert.equal(await leftOver(config), [])
  },
  { requires: ['containerd', 'root'] },
)
