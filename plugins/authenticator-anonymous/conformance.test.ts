import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, { valid: [{}, { paths: ['/readyz'] }], invalid: [{ paths: '/readyz' }, { enabled: true }] })
