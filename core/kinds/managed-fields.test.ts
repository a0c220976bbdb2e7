import { assert, test } from '@davit/core/testing'
import * as fc from 'fast-check'
import { found } from './arbitrary.js'
import type { FieldChanges } from './field-compare.js'
import { equalSets, type FieldSet, intersectionOf, isEmptySet, noFields, parseFieldSet, unionOf } from './field-set.js'
import {
  applyOwners,
  type FieldWriter,
  fieldsOf,
  firstOwner,
  isReset,
  type ManagedFields,
  readManagedFields,
  updateOwners,
} from './managed-fields.js'

/** `set('a', 'b')`: the fields a and b of the spec. */
const set = (...names: string[]): FieldSet =>
  names.length === 0 ? noFields : found(parseFieldSet({ 'f:spec': Object.fromEntries(names.map((name) => [`f:${name}`, {}])) }))
const writer = (manager: string, more: Partial<FieldWriter> = {}): FieldWriter => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  subresource: '',
  ...more,
})
const time = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`
const changes = (changed: FieldSet, removed: FieldSet = noFields): FieldChanges => ({ changed, removed })
const owned = (entries: ManagedFields): Record<string, unknown> =>
  Object.fromEntries(entries.map((entry) => [`${entry.manager} ${entry.operation}`, fieldsOf(entry)]))
const start = (manager: string, ...names: string[]): ManagedFields => found(firstOwner(set(...names), writer(manager), time(0)))

test('the first writer owns all, and an object without fields has no owner', () => {
  assert.equal(firstOwner(set('a'), writer('m', { subresource: 'status' }), time(0)), [
    {
      manager: 'm',
      operation: 'Update',
      apiVersion: 'v1',
      time: time(0),
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:a': {} } },
      subresource: 'status',
    },
  ])
  assert.is(firstOwner(noFields, writer('m'), time(0)), undefined)
})

test('what a writer changes becomes its own, and what it removes nobody’s', () => {
  const after = updateOwners(start('a', 'x', 'y', 'z'), changes(set('x', 'w'), set('y')), writer('b'), time(1))
  assert.equal(owned(after), { 'a Update': set('z'), 'b Update': set('w', 'x') })
  assert.equal(
    after.map((entry) => entry.time),
    [time(0), time(1)],
  )
})

test('a change of nothing is the same array, and other entries the same objects', () => {
  const before = start('a', 'x')
  assert.is(updateOwners(before, changes(noFields), writer('b'), time(1)), before)
  assert.is(updateOwners(before, changes(noFields, set('other')), writer('b'), time(1)), before)
  const after = updateOwners(before, changes(set('y')), writer('b'), time(1))
  assert.is(after[0], before[0])
})

test('who changes its own field again has a new time, who only loses some keeps it', () => {
  const before = start('a', 'x', 'y')
  assert.equal(
    updateOwners(before, changes(set('x')), writer('a'), time(1)).map((entry) => entry.time),
    [time(1)],
  )
  assert.equal(updateOwners(before, changes(noFields, set('x')), writer('a'), time(1)), [{ ...before[0], fieldsV1: set('y') }])
  assert.equal(updateOwners(before, changes(noFields, set('x', 'y')), writer('a'), time(1)), [])
})

test('one name has an entry for each way of writing', () => {
  let entries = start('m', 'a')
  const ways = [writer('m', { subresource: 'status' }), writer('m', { apiVersion: 'v2' }), writer('m', { subresource: 'scale' })]
  for (const [index, way] of ways.entries()) entries = updateOwners(entries, changes(set(`b${index}`)), way, time(1))
  assert.is(entries.length, 4)
  const { entries: applied } = applyOwners(entries, set('c'), changes(set('c')), writer('m', { operation: 'Apply' }), time(2))
  assert.is(applied.length, 5)
  assert.is(applied[0]?.operation, 'Apply')
})

test('more than ten updaters: the oldest of a version become one', () => {
  let entries = start('m00', 'f00')
  for (let index = 1; index < 12; index++) {
    const name = String(index).padStart(2, '0')
    entries = updateOwners(entries, changes(set(`f${name}`)), writer(`m${name}`), time(index))
  }
  assert.is(entries.length, 10)
  assert.equal(owned(entries)['ancient-changes Update'], set('f00', 'f01', 'f02'))
  assert.is(entries.find((entry) => entry.manager === 'ancient-changes')?.time, time(2))
  const kept = entries.reduce((all, entry) => unionOf(all, fieldsOf(entry)), noFields)
  assert.is(Object.keys((kept as Record<string, object>)['f:spec'] ?? {}).length, 12)
})

test('versions are not mixed in what is old', () => {
  let entries = start('old', 'f0')
  for (let index = 1; index < 13; index++) {
    const way = writer(`m${index}`, { apiVersion: index === 1 ? 'v2' : 'v1' })
    entries = updateOwners(entries, changes(set(`f${index}`)), way, time(index))
  }
  assert.is(entries.filter((entry) => entry.operation === 'Update').length, 10)
  assert.ok(entries.some((entry) => entry.manager === 'm1' && entry.apiVersion === 'v2'))
})

const applier = (manager: string): FieldWriter => writer(manager, { operation: 'Apply' })

test('an apply that changes what others own meets conflicts, which name them', () => {
  const before = updateOwners(start('b', 'x'), changes(set('y')), writer('a', { subresource: 'status' }), time(1))
  const both = applyOwners(before, set('x', 'y'), changes(set('x', 'y')), applier('m'), time(2))
  assert.equal(both.conflicts, [
    { message: 'conflict with "b" using v1', field: '.spec.x' },
    { message: 'conflict with "a" with subresource "status" using v1', field: '.spec.y' },
  ])
  assert.equal(owned(both.entries), { 'm Apply': set('x', 'y') })
  const others = applyOwners(both.entries, set('x'), changes(set('x')), applier('n'), time(3))
  assert.equal(others.conflicts, [{ message: 'conflict with "m"', field: '.spec.x' }])
})

const inV2 = (manager: string, ...names: string[]): ManagedFields =>
  found(firstOwner(set(...names), writer(manager, { apiVersion: 'v2' }), time(0)))

test('an entry of another version loses what the write changes there, and the paths here mean nothing to it', () => {
  const asked: string[] = []
  const elsewhere = (apiVersion: string): FieldChanges => {
    asked.push(apiVersion)
    return changes(set('y'), set('z'))
  }
  const before = [...inV2('other', 'x', 'y', 'z'), ...start('same', 'x')]
  const after = updateOwners(before, changes(set('x')), writer('b'), time(1), elsewhere)
  assert.equal(owned(after), { 'other Update': set('x'), 'b Update': set('x') })
  assert.equal(asked, ['v2'], 'those of the writer’s version are not asked about')
  const applied = applyOwners(before, set('x'), changes(set('x')), applier('m'), time(1), elsewhere)
  assert.equal(applied.conflicts, [
    { message: 'conflict with "other" using v2', field: '.spec.y' },
    { message: 'conflict with "same" using v1', field: '.spec.x' },
  ])
  assert.equal(owned(applied.entries), { 'other Update': set('x'), 'm Apply': set('x') })
})

test('where another version has the same form its paths mean the same', () => {
  const before = inV2('other', 'x', 'y')
  const here = changes(set('x'))
  assert.equal(
    updateOwners(before, here, writer('b'), time(1), () => undefined),
    updateOwners(before, here, writer('b'), time(1)),
  )
  const { entries, conflicts } = applyOwners(before, set('x'), here, applier('m'), time(1), () => undefined)
  assert.equal(conflicts, [{ message: 'conflict with "other" using v2', field: '.spec.x' }])
  assert.equal(owned(entries), { 'other Update': set('y'), 'm Apply': set('x') })
})

test('the same value is owned together, without conflict', () => {
  const before = start('a', 'x')
  const { entries, conflicts } = applyOwners(before, set('x'), changes(noFields), applier('m'), time(1))
  assert.equal(conflicts, [])
  assert.equal(owned(entries), { 'a Update': set('x'), 'm Apply': set('x') })
})

test('applying the same again is the same array; in another version it is not', () => {
  const { entries } = applyOwners([], set('x'), changes(set('x')), applier('m'), time(1))
  assert.is(applyOwners(entries, set('x'), changes(noFields), applier('m'), time(9)).entries, entries)
  const v2 = applyOwners(entries, set('x'), changes(noFields), { ...applier('m'), apiVersion: 'v2' }, time(9)).entries
  assert.equal(
    v2.map(({ apiVersion, time: at }) => `${apiVersion} ${at}`),
    [`v2 ${time(9)}`],
  )
  const less = applyOwners(entries, noFields, changes(noFields, set('x')), applier('m'), time(9)).entries
  assert.equal(less, [])
})

test('what a client sends is read strictly', () => {
  const entry = { manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:a': {} } }
  assert.equal(readManagedFields([entry]), [entry])
  assert.equal(readManagedFields([{ ...entry, fieldsV1: { 'f:b': {}, 'f:a': { '.': {} } } }]), [
    { ...entry, fieldsV1: { 'f:a': {}, 'f:b': {} } },
  ])
  assert.equal(readManagedFields([{ ...entry, fieldsV1: {} }, entry]), [entry])
  const wrong = [
    { ...entry, operation: 'Steal' },
    { ...entry, apiVersion: '' },
    { ...entry, fieldsType: 'FieldsV2' },
    { ...entry, fieldsType: undefined },
    { ...entry, fieldsV1: { 'f:a': 1 } },
    { ...entry, manager: 1 },
    {},
    null,
  ]
  for (const one of wrong) assert.is(readManagedFields([entry, one]), undefined)
  for (const none of [undefined, null, [], {}, 'x']) assert.is(readManagedFields(none), undefined)
})

test('only one empty entry is a reset', () => {
  assert.ok(isReset([{}]))
  for (const other of [[], undefined, [{}, {}], [{ manager: 'a' }], [null], {}]) assert.not.ok(isReset(other))
})

const names = fc.subarray(['a', 'b', 'c', 'd', 'e'])
const step = fc.record({ who: fc.constantFrom('x', 'y', 'z'), apply: fc.boolean(), changed: names, removed: names })

test('after any writes: each changed field has one owner, what is removed none, and nobody owns nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let entries: ManagedFields = []
      for (const [index, { who, apply, changed, removed }] of steps.entries()) {
        const gone = removed.filter((name) => !changed.includes(name))
        const moved = changes(set(...changed), set(...gone))
        const way = apply ? applier(who) : writer(who)
        entries = apply
          ? applyOwners(entries, set(...changed), moved, way, time(index)).entries
          : updateOwners(entries, moved, way, time(index))
        for (const entry of entries) {
          const isWriter = entry.manager === who && entry.operation === way.operation
          assert.not.ok(isEmptySet(fieldsOf(entry)))
          assert.ok(isEmptySet(intersectionOf(fieldsOf(entry), set(...gone))))
          const shared = intersectionOf(fieldsOf(entry), set(...changed))
          assert.ok(equalSets(shared, isWriter ? set(...changed) : noFields))
        }
        assert.equal(readManagedFields(structuredClone(entries)) ?? [], entries)
      }
    }),
  )
})
