import { assert, suite, test } from './contract.js'

test('rejects returns the error', async () => {
  const error = await assert.rejects(Promise.reject(new Error('no such key')), 'such')
  assert.is(error.message, 'no such key')
})

test('rejects takes a function and matches a pattern, a code and a predicate', async () => {
  const coded = Object.assign(new Error('gone'), { code: 'DAVIT_GONE' })
  await assert.rejects(async () => {
    throw coded
  }, /^go/)
  await assert.rejects(Promise.reject(coded), { code: 'DAVIT_GONE' })
  await assert.rejects(Promise.reject(coded), (error) => error === coded)
})

test('rejects fails when the promise is fulfilled or the error is another', async () => {
  const coded = Object.assign(new Error('gone'), { code: 'DAVIT_GONE' })
  await assert.rejects(assert.rejects(Promise.resolve(1)), 'expected a rejection')
  await assert.rejects(assert.rejects(Promise.reject(coded), { code: 'OTHER' }), 'expected the code OTHER, got DAVIT_GONE')
  await assert.rejects(assert.rejects(Promise.reject(coded), 'else'), 'expected an error with "else"')
  await assert.rejects(
    assert.rejects(Promise.reject(coded), () => false),
    'not the expected one',
  )
})

test('fails is the same for a call that throws at once', () => {
  const error = assert.fails(() => JSON.parse('{'), /JSON/)
  assert.instance(error, SyntaxError)
  assert.fails(() => assert.fails(() => 1), 'the call returned')
})

const order: string[] = []
const group = suite('hooks')
group.before(() => order.push('before'))
group.beforeEach(() => order.push('each'))
group.afterEach(() => order.push('done'))
group.after(() => assert.equal(order, ['before', 'each', 'one', 'undo 2', 'undo 1', 'done', 'each', 'two', 'done']))
group('one', (t) => {
  t.defer(() => order.push('undo 1'))
  t.defer(() => order.push('undo 2'))
  order.push('one')
})
group('two', () => order.push('two'))

test('match shows what does not match', () => {
  assert.match('one two', /two$/)
  assert.match('one two', 'ne t')
  assert.fails(() => assert.match('one\n', /two/), '"one\\n" does not match /two/')
})
