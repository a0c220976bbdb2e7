import { assert, pluginSuite, test } from '@davit/core/testing'
import { bytesOf } from './config.js'
import plugin from './index.js'

pluginSuite(plugin, {
  valid: [
    {},
    { socket: '/run/crio/crio.sock' },
    { cniDirectory: '/etc/cni/davit.d', network: 'cni' },
    { logMaxSize: '1g', logMaxFiles: 5 },
  ],
  invalid: [
    { socket: 'relative' },
    { cniDirectory: '' },
    { network: 'bridge' },
    { logMaxSize: '10 MB' },
    { logMaxSize: '0m' },
    { logMaxFiles: 0 },
    { x: 1 },
  ],
})

test('sizes have units of 1024', () => {
  assert.equal(['3k', '10m', '2g'].map(bytesOf), [3072, 10 * 2 ** 20, 2 * 2 ** 30])
})
