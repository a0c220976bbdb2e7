import { assert, test } from '@davit/core/testing'
import { pauseArchive } from './pause-image.js'

test('the image archive is the same at each making', () => {
  assert.ok(pauseArchive('amd64').equals(pauseArchive('amd64')))
  assert.is(pauseArchive('amd64').length % 512, 0)
})
