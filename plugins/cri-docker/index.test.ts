import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  valid: [{}, { socketPath: '/run/user/1000/docker.sock' }, { logMaxSize: '1g', logMaxFiles: 5 }],
  invalid: [{ socketPath: '' }, { logMaxSize: '10 MB' }, { logMaxSize: '0m' }, { logMaxFiles: 0 }, { socket: '/x' }],
})
