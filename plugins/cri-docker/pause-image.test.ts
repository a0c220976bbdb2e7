import { pauseArchive } from '@davit/core/node'
import { assert, test } from '@davit/core/testing'
import { pauseImage } from './options.js'

test('the image archive is the same at each making', () => {
  assert.ok(pauseArchive('amd64', pauseImage).equals(pauseArchive('amd64', pauseImage)))
  assert.is(pauseArchive('amd64', pauseImage).length % 512, 0)
})
