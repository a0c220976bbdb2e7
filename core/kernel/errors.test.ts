import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert, test } from '../testing/contract.js'
import { DavitError, type ErrorCode, errorTable } from './contract.js'
import { messageOf } from './errors.js'
import { coreVersion } from './plugin.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('an error carries its code, details and cause', () => {
  const cause = new Error('below')
  const error = new DavitError('DAVIT_PLUGIN_FAILED', 'failed', { details: { plugin: 'a' }, cause })
  assert.is(error.code, 'DAVIT_PLUGIN_FAILED')
  assert.is(error.name, 'DavitError')
  assert.equal(error.details, { plugin: 'a' })
  assert.is(error.cause, cause)
  assert.not('cause' in new DavitError('DAVIT_DEADLINE', 'late'))
  assert.is(messageOf(error), 'failed')
  assert.is(messageOf('text'), 'text')
})

test('the table is in order, and each entry says what it means and what to do', () => {
  const codes = Object.keys(errorTable)
  assert.equal(codes, [...codes].sort())
  for (const [code, { meaning, action }] of Object.entries(errorTable)) {
    assert.match(code, /^DAVIT(_[A-Z0-9]+)+$/)
    assert.match(meaning, /^[A-Z].*\.$/, code)
    assert.match(action, /\.$/, code)
  }
})

test('every code of the table is used somewhere', async () => {
  const used = new Set<string>()
  for (const folder of ['core', 'plugins', 'cli']) {
    for (const file of await sources(join(root, folder))) {
      for (const [, code] of (await readFile(file, 'utf8')).matchAll(/'(DAVIT_[A-Z0-9_]+)'/g)) if (code) used.add(code)
    }
  }
  const unused = Object.keys(errorTable).filter((code) => !used.has(code))
  assert.equal(unused, [])
})

test('the version that plugins see is that of the package', async () => {
  const text = await readFile(join(root, 'core/package.json'), 'utf8')
  assert.is(coreVersion, JSON.parse(text).version)
})

test('a code is a type, so that a wrong one does not compile', () => {
  const code: ErrorCode = 'DAVIT_DEADLINE'
  // @ts-expect-error: no such code.
  const wrong: ErrorCode = 'DAVIT_NO_SUCH_CODE'
  assert.not.equal(code, wrong)
})

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('node_modules') && !path.includes('/dist/') && path !== join(root, 'core/kernel/errors.ts'))
}
