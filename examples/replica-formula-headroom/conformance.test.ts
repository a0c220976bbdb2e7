import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, { valid: [{}, { spare: 0 }], invalid: [{ spare: -1 }, { spare: 'some' }] })
