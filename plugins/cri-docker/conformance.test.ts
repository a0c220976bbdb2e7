// @serial machine
// @timeout 300
import { runtimeKit } from '@davit/core/node/testkit'
import { assert, createTestServices, suite } from '@davit/core/testing'
import { createDockerDriver } from './driver.js'
import { leftOver, testConfig } from './testing.js'

// Apart from the default range of a cluster that may run on this machine.
const podCidr = '10.199.77.0/24'

runtimeKit(
  'docker',
  ({ clock }) => ({ driver: createDockerDriver({ clock, config: testConfig }), image: 'busybox:1', podCidr }),
  {
    requires: ['docker'],
  },
)

const test = suite('after the kit')
test(
  'purging the nodes of the kit leaves no container and no network',
  async (t) => {
    const { clock } = createTestServices()
    const driver = createDockerDriver({ clock, config: testConfig })
    for (const nodeName of ['kit', 'another']) {
      await driver.purge({ nodeName, directory: '/nonexistent', podCidr, signal: t.signal })
    }
    assert.is(await leftOver(['kit', 'another'], podCidr), 0)
  },
  { requires: ['docker'] },
)
