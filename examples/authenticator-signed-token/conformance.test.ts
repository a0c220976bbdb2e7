import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, { valid: [{ key: 'sixteen characters' }], invalid: [{}, { key: 'short' }] })
