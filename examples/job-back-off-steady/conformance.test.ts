import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, { valid: [{}, { waitMs: 0 }], invalid: [{ waitMs: -1 }, { waitMs: 'long' }] })
