import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

const valid = { issuerUrl: 'https://login.example', audiences: ['davit'] }
pluginSuite(plugin, {
  valid: [valid],
  invalid: [
    {},
    { issuerUrl: 'https://login.example' },
    { ...valid, issuerUrl: 'http://login.example' },
    { ...valid, audiences: [] },
  ],
})
