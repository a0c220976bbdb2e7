import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, test } from '../../testing/contract.js'
import { readIfThere, writePrivate } from './credential-file.js'

test('written by several at once it is whole and that of one of them, for its owner alone, and nothing else lies there', async (t) => {
  const directory = join(await t.directory(), 'pki')
  const file = join(directory, 'node-client.pem')
  const texts = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(100_000))
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(texts.map((text) => writePrivate(file, text)))
    assert.ok(texts.includes((await readIfThere(file)) ?? ''))
  }
  assert.equal(await readdir(directory), ['node-client.pem'])
  assert.equal([(await stat(file)).mode & 0o777, (await stat(directory)).mode & 0o777], [0o600, 0o700])
})
