import { stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DavitError } from '@davit/core/kernel'
import { assert, test } from '@davit/core/testing'
import { directoryError, makeDirectory } from './data-directory.js'
import { readState, writeState } from './state.js'

const state = { url: '', nodes: [], drivers: [], podCidr: '' }

test('a directory is made with all above it, for nobody else to see; twice is as good as once', async (t) => {
  const directory = path.join(await t.directory(), 'a', 'b')
  makeDirectory(directory)
  makeDirectory(directory)
  assert.is((await stat(directory)).mode & 0o777, 0o700)
})

test('a data directory that is a file, or lies below one, is named with what is wrong', async (t) => {
  const file = path.join(await t.directory(), 'file')
  await writeFile(file, '')
  for (const place of [file, path.join(file, 'below')]) {
    await assert.rejects(writeState(place, state), /cannot use the data directory .*file.*: a file stands where/)
    await assert.rejects(readState(place), /cannot use the data directory .*file.*: a file stands where/)
  }
})

test('one that cannot be made is refused at once', async () => {
  await assert.rejects(
    writeState('/proc/nope', state),
    /cannot use the data directory \/proc\/nope: it does not exist and cannot be made/,
  )
})

test('links in a circle are named', async (t) => {
  const link = path.join(await t.directory(), 'link')
  await symlink(link, link)
  await assert.rejects(writeState(link, state), /symbolic links lead in a circle/)
})

test('what the system says of a disk is one error with a code; anything else stays what it was', () => {
  const failed = (code: string) => directoryError('/data', Object.assign(new Error(code), { code }))
  for (const [code, words] of [
    ['EROFS', 'read-only'],
    ['ENOSPC', 'full'],
    ['EACCES', 'may not'],
  ] as const) {
    const error = failed(code)
    assert.ok(error instanceof DavitError)
    assert.is(error.code, 'DAVIT_DATA_DIRECTORY')
    assert.match(error.message, words)
  }
  assert.not.ok(failed('EIO') instanceof DavitError)
})
