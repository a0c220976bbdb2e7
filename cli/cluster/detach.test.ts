import { closeSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { openLog, warningsOf } from './detach.js'

test('a new life goes on below the lines of the former one', async (t) => {
  const file = path.join(await t.directory(), 'davit.log')
  const first = openLog(file, 'then')
  closeSync(first.log)
  writeFileSync(file, 'ready: former\n', { flag: 'a' })
  const second = openLog(file, 'now')
  closeSync(second.log)
  assert.is(readFileSync(file, 'utf8'), '--- davit up at then\nready: former\n--- davit up at now\n')
  assert.is(second.begin, statSync(file).size)
})

test('a log that is long enough makes room, and the one before it is kept', async (t) => {
  const file = path.join(await t.directory(), 'davit.log')
  writeFileSync(file, 'x'.repeat(100))
  const { log, begin } = openLog(file, 'now', 100)
  closeSync(log)
  assert.is(readFileSync(file, 'utf8'), '--- davit up at now\n')
  assert.is(begin, statSync(file).size)
  assert.is(statSync(`${file}.1`).size, 100)
})

test('warnings of the start are shown, with nothing around them', () => {
  const text = [
    '--- davit up at now',
    '{"level":30,"time":1,"msg":"usual"}',
    '{"level":40,"time":1,"node":"one","msg":"running containers with cri-process, because \\"x\\""}',
    '{half',
    '',
  ].join('\n')
  assert.is(warningsOf(text), 'warning: running containers with cri-process, because "x"\n')
  assert.is(warningsOf(''), '')
})
