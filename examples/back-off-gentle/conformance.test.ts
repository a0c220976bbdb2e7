import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, { valid: [{}, { firstMs: 1, longestMs: 1 }], invalid: [{ firstMs: 0 }, { longestMs: 'long' }] })
