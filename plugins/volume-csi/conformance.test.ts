import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlPlaneParts } from '@davit/core/controller/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

const directory = mkdtempSync(join(tmpdir(), 'davit-csi-'))

pluginSuite(plugin, {
  with: controlPlaneParts,
  valid: [{}, { directory, callSeconds: 3 }],
  invalid: [{ directory: 'relative' }, { callSeconds: 0 }, { drivers: [] }],
})
