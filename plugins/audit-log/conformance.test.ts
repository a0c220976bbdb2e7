import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlPlaneParts } from '@davit/core/controller/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

const directory = mkdtempSync(join(tmpdir(), 'davit-audit-'))
const policyFile = join(directory, 'policy.yaml')
writeFileSync(policyFile, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n  - level: Metadata\n')
const path = join(directory, 'audit.log')

pluginSuite(plugin, {
  with: controlPlaneParts,
  valid: [
    { policyFile, path },
    { policyFile, path, maxSizeMegabytes: 0, maxBackups: 0, maxAgeDays: 3, batchMs: 1, queueMegabytes: 1, whenFull: 'block' },
  ],
  invalid: [{}, { policyFile }, { policyFile, path, whenFull: 'wait' }, { policyFile, path, level: 'Metadata' }],
})
