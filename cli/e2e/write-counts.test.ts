import { assert, test } from '@davit/core/testing'
import { WriteCounts } from './write-counts.js'

const line = (verb: string, username: string, objectRef?: object, code = 200): string =>
  JSON.stringify({ verb, user: { username }, objectRef, responseStatus: { code } })

test('writes are counted by kind, verb and user, most first; all nodes are one', () => {
  const counts = new WriteCounts()
  counts.add(line('create', 'alice', { resource: 'pods' }, 201))
  for (const node of ['one', 'two', 'three']) {
    counts.add(line('update', `system:node:${node}`, { resource: 'pods', subresource: 'status' }))
  }
  assert.equal(
    counts.take().map((row) => row.trim().split(/\s+/)),
    [
      ['3', 'pods/status', 'update', 'system:node:…'],
      ['1', 'pods', 'create', 'alice'],
    ],
  )
  assert.equal(counts.take(), [], 'what was told is not told again')
})

test('a refused write is another row, and reads are none', () => {
  const counts = new WriteCounts()
  counts.add(line('update', 'alice', { resource: 'pods' }))
  counts.add(line('update', 'alice', { resource: 'pods' }, 409))
  counts.add(line('get', 'alice', { resource: 'pods' }))
  counts.add(line('get', 'alice'))
  const rows = counts.take()
  assert.is(rows.length, 2)
  assert.match(rows.join('\n'), /alice \(refused with 409\)/)
})
