import { assert, test } from '@davit/core/testing'
import { type Definition, withConditions } from './definition.js'
import { judgeNames } from './names.js'
import { conditions, definition, version } from './testing.js'

const accepted = (made: Definition): Definition => ({ ...made, status: { acceptedNames: made.spec.names } })
const names = (plural: string, kind: string, more: object = {}) =>
  definition([version('v1')], { names: { plural, kind, ...more } }, plural)

function judged(made: Definition, ...others: Definition[]): string[] {
  const verdict = judgeNames(made, others)
  return conditions({ ...made, status: { ...made.status, conditions: [...verdict.conditions] } })
}

test('names that nobody has are accepted', () => {
  const others = [accepted(names('gadgets', 'Gadget', { shortNames: ['g'] }))]
  assert.equal(judged(names('widgets', 'Widget'), ...others), [
    'NamesAccepted True NoConflicts',
    'Established True InitialNamesAccepted',
  ])
})

test('each name that is taken is a conflict of its own', () => {
  const other = accepted(names('gadgets', 'Gadget', { singular: 'gadget', listKind: 'GadgetList', shortNames: ['g'] }))
  const cases: [made: Definition, reason: string][] = [
    [names('gadgets', 'Widget'), 'PluralConflict'],
    [names('widgets', 'Widget', { singular: 'g' }), 'SingularConflict'],
    [names('widgets', 'Widget', { shortNames: ['gadget'] }), 'ShortNamesConflict'],
    [names('widgets', 'Gadget'), 'KindConflict'],
    [names('widgets', 'Widget', { listKind: 'GadgetList' }), 'ListKindConflict'],
  ]
  for (const [made, reason] of cases) {
    assert.equal(judged(made, other), [`NamesAccepted False ${reason}`, 'Established False NotAccepted'])
  }
})

test('the same names in another group are no conflict, and neither are names that were only asked for', () => {
  const elsewhere = accepted({ ...names('widgets', 'Widget'), spec: { ...names('widgets', 'Widget').spec, group: 'other.org' } })
  const unaccepted = names('gadgets', 'Widget')
  assert.is(judged(names('widgets', 'Widget'), elsewhere, unaccepted)[0], 'NamesAccepted True NoConflicts')
})

test('what is established stays so, under the names that it has', () => {
  const other = accepted(names('gadgets', 'Gadget', { shortNames: ['g'] }))
  const before = accepted(names('widgets', 'Widget', { shortNames: ['w'] }))
  const established = { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: '' }
  const greedy: Definition = {
    ...names('widgets', 'Widget', { shortNames: ['g'] }),
    status: { ...before.status, conditions: [established] },
  }
  const verdict = judgeNames(greedy, [other])
  assert.equal(verdict.acceptedNames.shortNames, ['w'])
  assert.equal(
    verdict.conditions.map(({ status }) => status),
    ['False', 'True'],
  )
})

test('the time of a condition changes with its status alone', () => {
  const made = names('widgets', 'Widget')
  const condition = { type: 'Established', status: 'False', reason: 'A', message: '' }
  const first = withConditions(made, [condition], 0)
  assert.is(first[0]?.lastTransitionTime, '1970-01-01T00:00:00Z')
  const told: Definition = { ...made, status: { conditions: [...first, { type: 'Other', status: 'True' }] } }
  const second = withConditions(told, [{ ...condition, reason: 'B' }], 5000)
  assert.equal([second[0]?.lastTransitionTime, second[0]?.reason, second.length], ['1970-01-01T00:00:00Z', 'B', 2])
  const third = withConditions(told, [{ ...condition, status: 'True' }], 5000)
  assert.is(third[0]?.lastTransitionTime, '1970-01-01T00:00:05Z')
})
