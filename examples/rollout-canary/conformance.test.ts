import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, { valid: [{}, { proofSeconds: 0 }], invalid: [{ proofSeconds: -1 }] })
