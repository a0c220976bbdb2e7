import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlPlaneParts } from '@davit/core/controller/testkit'
import { pluginSuite, test } from '@davit/core/testing'
import plugin from './index.js'
import { server } from './testing.js'

const place = mkdtempSync(join(tmpdir(), 'davit-certificates-'))
test.after(() => rmSync(place, { recursive: true }))

pluginSuite(plugin, {
  with: () => [...controlPlaneParts(), server(place)],
  valid: [{}, { lifetimeDays: 1 }],
  invalid: [{ lifetimeDays: 0 }, { lifetimeDays: 'long' }, { signer: 'own' }],
})
