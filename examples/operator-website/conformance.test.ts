import { assert, test } from '@davit/core/testing'
import plugin from './index.js'

// The suite of every plugin boots it alone; this one waits for custom resources to be served. See cli/e2e.
test('is described as plugins are', () => {
  assert.is(plugin.id, 'operator-website')
  assert.is(plugin.stage, 'cache')
})
