import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, { valid: [{}, { weight: 50 }], invalid: [{ weight: 0 }, { weight: 'much' }] })
