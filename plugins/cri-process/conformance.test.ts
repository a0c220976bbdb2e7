import { runtimeKit } from '@davit/core/node/testkit'
import { createProcessDriver } from './driver.js'
import { readMachine, withoutPrivileges } from './machine.js'
import { testConfig, testRange } from './testing.js'

const machine = readMachine()

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
