/** No expression holds the process, whatever it does and to what. */
import { performance } from 'node:perf_hooks'
import { assert, test } from '../../testing/contract.js'
import { celOf, evaluated } from './testing.js'

const many = `[${Array.from({ length: 1000 }, (_one, index) => index).join(',')}]`
const nested = (macro: string, body: string): string => `${many}.${macro}(a, ${many}.${macro}(b, ${many}.${macro}(c, ${body})))`
const doubled = (times: number, start: string): string =>
  Array.from({ length: times }).reduce<string>(
    (made, _one, index) => `cel.bind(x${index}, ${made}, x${index} + x${index})`,
    start,
  )

const exceeded = 'operation cancelled: actual cost limit exceeded'
const costly: Readonly<Record<string, string>> = {
  'a loop in a loop in a loop': nested('all', 'a + b + c >= 0'),
  'a loop whose every step fails': nested('all', '1 / 0 == 1'),
  'a loop whose failures are swallowed': nested('all', 'a / 0 == 1 || b / 0 == 1 || c >= 0'),
  'absence beyond the end of a list': nested('all', `!${many}[?a + 5000].hasValue()`),
  'a loop that makes lists': nested('map', 'a + b + c'),
  'a loop over two variables': `${many}.all(i, v, ${many}.all(j, w, ${many}.exists(k, x, x < 0)) || true)`,
  'a list that is doubled': doubled(60, '[1, 2]'),
  'a text that is doubled': doubled(60, "'ab'"),
  'a text that grows by replacement':
    "cel.bind(a, 'aaaaaaaaaa'.replace('a', 'aaaaaaaaaa'), cel.bind(b, a.replace('a', a), cel.bind(c, b.replace('a', b), c.replace('a', c))))",
  'the same pattern again and again': `${many}.all(a, ${many}.all(b, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.matches('(a+)+$') || true))`,
  'a comparison of large lists': `${many}.all(a, ${many}.all(b, ${many} == ${many}))`,
  'a search in large lists': `${many}.all(a, ${many}.all(b, b in ${many}))`,
  'large sets': `${many}.all(a, sets.equivalent(${many}, ${many}))`,
}

for (const [name, expression] of Object.entries(costly)) {
  test(`${name} ends soon`, async () => {
    await celOf()
    const start = performance.now()
    const { error } = await evaluated(expression)
    const took = performance.now() - start
    assert.is(error, exceeded)
    assert.ok(took < 2000, `${took} ms`)
  })
}

test('a pattern takes time in proportion to the text', async () => {
  assert.is((await evaluated(`'${'a'.repeat(5000)}!'.matches('^(a+)+$')`)).value, false)
  assert.match((await evaluated("'a'.matches('(a{1000}){1000}')")).error ?? '', 'error parsing regexp')
})

test('expressions that are too long or too deep do not compile', async () => {
  assert.match((await evaluated(`${'('.repeat(5000)}1${')'.repeat(5000)}`)).problem ?? '', 'maxDepth')
  assert.match((await evaluated(Array(30_000).fill('1').join(' + '))).problem ?? '', 'maxAstNodes')
})

test('what one expression has spent, the next one of the same request lacks', async () => {
  const cel = await celOf()
  const variables = {}
  const { program } = cel.compile(`${many}.all(a, ${many}.all(b, a >= 0 || b >= 0))`, variables)
  assert.ok(program)
  const budget = { left: 10_000 }
  assert.is(cel.evaluate(program, {}, budget).exhausted, true)
  const { program: small } = cel.compile('[1, 2].all(a, a > 0)', variables)
  assert.ok(small)
  assert.is(cel.evaluate(small, {}, budget).exhausted, true)
  assert.is(cel.evaluate(small, {}).value, true)
})
