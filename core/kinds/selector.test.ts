import { assert, test } from '@davit/core/testing'
import type { KubeObject, ResourceKind } from './contract.js'
import { parseFieldSelector, parseLabelSelector, selectorFromObject } from './selector.js'

const labels = (text: string) => {
  const { value, error } = parseLabelSelector(text)
  assert.ok(value, error)
  return value
}

const matching: [selector: string, labels: Record<string, string> | undefined, want: boolean][] = [
  ['', undefined, true],
  ['', { a: 'b' }, true],
  ['a=b', { a: 'b' }, true],
  ['a==b', { a: 'b' }, true],
  ['a = b', { a: 'b' }, true],
  ['a=b', { a: 'c' }, false],
  ['a=b', undefined, false],
  ['a=', { a: '' }, true],
  ['a=', {}, false],
  ['a=,b=1', { a: '', b: '1' }, true],
  ['a!=b', { a: 'c' }, true],
  ['a!=b', { a: 'b' }, false],
  ['a!=b', {}, true],
  ['a!=b', undefined, true],
  ['a in (b,c)', { a: 'c' }, true],
  ['a in (b, c)', { a: 'd' }, false],
  ['a in (b)', undefined, false],
  ['a in (,b)', { a: '' }, true],
  ['a in ()', { a: '' }, true],
  ['a notin (b,c)', { a: 'd' }, true],
  ['a notin (b,c)', { a: 'b' }, false],
  ['a notin (b,c)', undefined, true],
  ['a', { a: '' }, true],
  ['a', {}, false],
  ['!a', {}, true],
  ['! a', { a: '1' }, false],
  ['!a', undefined, true],
  ['a>1', { a: '2' }, true],
  ['a>2', { a: '2' }, false],
  ['a<10', { a: '9' }, true],
  ['a<10', { a: 'x' }, false],
  ['a<10', {}, false],
  ['app=web,tier in (front,back),!canary', { app: 'web', tier: 'back' }, true],
  ['app=web,tier in (front,back),!canary', { app: 'web', tier: 'back', canary: '1' }, false],
  ['app.kubernetes.io/name=x', { 'app.kubernetes.io/name': 'x' }, true],
  ['constructor', {}, false],
  ['in in (in)', { in: 'in' }, true],
]
for (const [selector, object, want] of matching) {
  test(`"${selector}" against ${JSON.stringify(object)} is ${want}`, () => {
    assert.is(labels(selector).matches(object), want)
  })
}

const malformed: [selector: string, error: RegExp][] = [
  [',', /found ','/],
  ['a,', /identifier after ','/],
  ['=b', /found '='/],
  ['a b', /found 'b', expected: in, notin/],
  ['a in b', /expected: '\('/],
  ['a in (b', /expected: ',', or '\)'/],
  ['a in (b c)', /found 'c'/],
  ['a=b=c', /found '='/],
  ['!', /expected: identifier/],
  ['!!a', /expected: identifier/],
  ['a)', /found '\)'/],
  ['-a=b', /name part must consist/],
  ['a/b/c=d', /qualified name/],
  ['/a=b', /prefix part must be non-empty/],
  ['a=-b', /a valid label must be/],
  ['a>b', /must be an integer/],
  [`a=${'x'.repeat(64)}`, /no more than 63/],
]
for (const [selector, error] of malformed) {
  test(`"${selector}" is refused`, () => assert.match(parseLabelSelector(selector).error ?? '', error))
}

test('the text of a selector is sorted and parses to the same', () => {
  assert.is(labels('z=1,b in (d,c,c),!k,a').text, 'a,b in (c,d),!k,z=1')
  const again = labels(labels('z=1,b in (d,c),!k,a').text)
  assert.ok(again.matches({ a: '', b: 'c', z: '1' }))
})

test('the empty text is everything and nothing else is', () => {
  assert.is(labels('').everything, true)
  assert.is(labels('a').everything, false)
})

test('equal texts share one compiled selector', () => assert.is(labels('shared=1'), labels('shared=1')))

const objects: [name: string, spec: Parameters<typeof selectorFromObject>[0], labels: Record<string, string>, want: boolean][] = [
  ['absent selects nothing', undefined, {}, false],
  ['empty selects everything', {}, { a: 'b' }, true],
  ['empty matchLabels selects everything', { matchLabels: {} }, { a: 'b' }, true],
  ['matchLabels', { matchLabels: { a: 'b', c: 'd' } }, { a: 'b', c: 'd', e: 'f' }, true],
  ['matchLabels, one missing', { matchLabels: { a: 'b', c: 'd' } }, { a: 'b' }, false],
  ['In', { matchExpressions: [{ key: 'a', operator: 'In', values: ['x', 'y'] }] }, { a: 'y' }, true],
  ['NotIn matches absent', { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['x'] }] }, {}, true],
  ['Exists', { matchExpressions: [{ key: 'a', operator: 'Exists' }] }, { a: '' }, true],
  ['DoesNotExist', { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, { a: '' }, false],
  ['both parts', { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'Exists' }] }, { a: 'b' }, false],
  ['plain map', { app: 'web' }, { app: 'web', x: 'y' }, true],
  ['plain map, other value', { app: 'web' }, { app: 'db' }, false],
  ['plain map with a key that looks like a field', { matchLabels: 'x' } as never, { matchLabels: 'x' }, true],
]
for (const [name, spec, object, want] of objects) {
  test(`selector object: ${name}`, () => {
    const { value, error } = selectorFromObject(spec)
    assert.ok(value, error)
    assert.is(value.matches(object), want)
  })
}

test('selector objects that cannot be are refused with a reason', () => {
  const refuse = (operator: string, values?: string[]) =>
    selectorFromObject({ matchExpressions: [{ key: 'a', operator, ...(values === undefined ? {} : { values }) }] }).error ?? ''
  assert.match(refuse('Near'), /"Near" is not a valid label selector operator/)
  assert.match(refuse('In'), /values set can't be empty/)
  assert.match(refuse('Exists', ['x']), /values set must be empty/)
  assert.match(selectorFromObject({ matchLabels: { '-': 'b' } }).error ?? '', /Invalid value: "-"/)
})

test('a frozen selector object is compiled once, a mutable one each time', () => {
  const frozen = Object.freeze({ matchLabels: Object.freeze({ a: 'b' }) })
  assert.is(selectorFromObject(frozen).value, selectorFromObject(frozen).value)
  const loose = { matchLabels: { a: 'b' } }
  const before = selectorFromObject(loose).value
  loose.matchLabels.a = 'c'
  assert.is(before?.matches({ a: 'b' }), true)
  assert.is(selectorFromObject(loose).value?.matches({ a: 'c' }), true)
})

const pods = {
  namespaced: true,
  selectableFields: new Map([
    ['spec.nodeName', (object: KubeObject) => (object as { spec?: { nodeName?: string } }).spec?.nodeName ?? ''],
    ['status.phase', (object: KubeObject) => (object as { status?: { phase?: string } }).status?.phase ?? ''],
  ]),
} as unknown as ResourceKind
const nodes = { namespaced: false, selectableFields: new Map() } as unknown as ResourceKind

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a,b', namespace: 'one' },
  spec: { nodeName: 'n1' },
} as unknown as KubeObject

const fields: [selector: string, want: boolean][] = [
  ['', true],
  ['spec.nodeName=n1', true],
  ['spec.nodeName==n1', true],
  ['spec.nodeName!=n1', false],
  ['spec.nodeName!=', true],
  ['status.phase=', true],
  ['status.phase!=Running', true],
  ['metadata.namespace=one,spec.nodeName=n1', true],
  ['metadata.namespace=two,spec.nodeName=n1', false],
  ['metadata.name=a\\,b', true],
  ['spec.nodeName=n1,', true],
]
for (const [selector, want] of fields) {
  test(`field selector "${selector}" is ${want}`, () => {
    const { value, error } = parseFieldSelector(pods, selector)
    assert.ok(value, error)
    assert.is(value.matches(pod), want)
  })
}

test('fields that a kind does not offer are refused in the words that clients match', () => {
  assert.is(parseFieldSelector(pods, 'spec.nope=1').error, 'field label not supported: spec.nope')
  assert.is(parseFieldSelector(nodes, 'metadata.namespace=x').error, 'field label not supported: metadata.namespace')
})

test('malformed field selectors are refused', () => {
  assert.match(parseFieldSelector(pods, 'spec.nodeName').error ?? '', /can't understand 'spec.nodeName'/)
  assert.match(parseFieldSelector(pods, 'spec.nodeName!n1').error ?? '', /can't understand/)
  assert.match(parseFieldSelector(pods, 'spec.nodeName=a=b').error ?? '', /escape/)
  assert.match(parseFieldSelector(pods, 'spec.nodeName=a\\x').error ?? '', /escape/)
})

test('an exact name is told, so that a list can become a get', () => {
  assert.is(parseFieldSelector(pods, 'metadata.name=web').value?.name, 'web')
  assert.is(parseFieldSelector(pods, 'metadata.name!=web').value?.name, undefined)
  assert.is(parseFieldSelector(pods, 'spec.nodeName=n1').value?.name, undefined)
})

test('the caches are bounded', () => {
  for (let index = 0; index < 5000; index++) {
    assert.ok(labels(`k=v${index}`).matches({ k: `v${index}` }))
    assert.is(parseFieldSelector(pods, `metadata.name=p${index}`).value?.name, `p${index}`)
  }
})
