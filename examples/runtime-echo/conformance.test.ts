import { type Behaviour, runtimeKit } from '@davit/core/node/testkit'
import { pluginSuite } from '@davit/core/testing'
import { createDriver } from './driver.js'
import plugin from './index.js'

pluginSuite(plugin, { valid: [], invalid: [] })

/** What a shell script does elsewhere, the command's words and two variables do here. */
function told({ lines = [], errorLines = [], exitCode, onTerminate }: Behaviour) {
  const environment = Object.entries({ EXIT: exitCode, TERM: onTerminate })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value: String(value) }))
  return { command: [...lines, ...errorLines], environment }
}

runtimeKit('echo', ({ clock, random }) => ({ driver: createDriver(clock, random), image: 'any', behave: told }))
