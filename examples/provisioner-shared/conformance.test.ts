import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { provisionerKit } from '@davit/core/controller/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin, { shared } from './index.js'

pluginSuite(plugin, { valid: [{ directory: '/srv/shared' }], invalid: [{}, { directory: '' }, { path: '/srv' }] })

provisionerKit('shared', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'davit-shared-'))
  const close = () => rm(directory, { recursive: true })
  return { provisioner: shared(directory), refused: { 'a block device': { volumeMode: 'Block' } }, close }
})
