// @serial machine
import { runtimeKit } from '@davit/core/node/testkit'
import { pluginSuite } from '@davit/core/testing'
import { createProcessDriver } from './driver.js'
import plugin from './index.js'
import { readMachine, withoutPrivileges } from './machine.js'
import { testConfig, testRange } from './testing.js'

const machine = readMachine()

pluginSuite(plugin, {
  valid: [{}, { logMaxBytes: 4096, logMaxFiles: 5 }],
  invalid: [{ logMaxBytes: 1 }, { logMaxFiles: 1 }, { image: 'busybox' }],
})

runtimeKit('process', (services) => ({
  driver: createProcessDriver({ ...services, config: testConfig, machine }),
  image: '',
  podCidr: testRange,
}))
runtimeKit('process, without privileges', (services) => ({
  driver: createProcessDriver({ ...services, config: testConfig, machine: withoutPrivileges(machine) }),
  image: '',
  podCidr: testRange,
}))
