import { assert, test } from '../../testing/contract.js'
import { wantedAggregation } from './discovery-aggregated.js'
import { negotiate, parseAccept, parseMediaType } from './media-type.js'
import { checkJsonNesting } from './nesting.js'
import { parseTokens } from './token-file.js'
import { warningHeaders } from './warning.js'
import { formatYaml, parseYaml } from './yaml.js'

const plain = { media: 'json', form: 'plain', version: 'v1' } as const

test('what clients accept', () => {
  assert.equal(negotiate(undefined), plain)
  assert.equal(negotiate('*/*'), plain)
  assert.equal(negotiate('application/json, */*'), plain)
  assert.equal(negotiate('application/vnd.kubernetes.protobuf,application/json'), plain)
  assert.equal(negotiate('application/yaml'), { ...plain, media: 'yaml' })
  assert.equal(negotiate('application/json;q=0.5, application/yaml'), { ...plain, media: 'yaml' })
  assert.is(negotiate('text/html'), undefined)
  assert.is(negotiate('application/vnd.kubernetes.protobuf'), undefined)
  assert.is(negotiate('application/json;q=0'), undefined)
})

test('tables and metadata are chosen in the client’s order', () => {
  const kubectl =
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'
  assert.equal(negotiate(kubectl), { media: 'json', form: 'table', version: 'v1' })
  assert.equal(negotiate('application/json;as=Table;v=v1beta1;g=meta.k8s.io'), {
    media: 'json',
    form: 'table',
    version: 'v1beta1',
  })
  assert.equal(negotiate('application/json;as=Table;v=v2;g=meta.k8s.io,application/json'), plain)
  assert.equal(negotiate('application/json;as=Other;g=meta.k8s.io,application/json'), plain)
  const metadata =
    'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
  assert.equal(negotiate(metadata), { media: 'json', form: 'metadata', version: 'v1' })
})

test('a flood of headers is not remembered for ever', () => {
  for (let index = 0; index < 2000; index++) assert.equal(negotiate(`application/json;x=${index}`), plain)
})

test('media types have parameters, in any case and with quotes', () => {
  assert.equal({ ...parseMediaType('Application/JSON; Charset="utf-8"').parameters }, { charset: 'utf-8' })
  assert.is(parseMediaType('').type, '')
  assert.equal(
    parseAccept('a/a;q=0.1,b/b,c/c;q=0.9,d/d;q=x').map(({ type }) => type),
    ['b/b', 'c/c', 'a/a'],
  )
})

test('the aggregated form of discovery is for those who prefer it', () => {
  const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  const beta = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'
  assert.is(wantedAggregation(`${v2},${beta},application/json`), 'v2')
  assert.is(wantedAggregation(`${beta},application/json`), 'v2beta1')
  assert.is(wantedAggregation(`application/json,${v2}`), undefined)
  assert.is(wantedAggregation('application/json;g=other;v=v2;as=APIGroupDiscoveryList'), undefined)
  assert.is(wantedAggregation(undefined), undefined)
})

test('warnings are quoted, known once and bounded', () => {
  assert.is(warningHeaders([]), undefined)
  assert.equal(warningHeaders(['a', 'a', 'b "c" \\']), { Warning: ['299 - "a"', '299 - "b \\"c\\" \\\\"'] })
  assert.equal(warningHeaders(['line\nbreak é']), { Warning: ['299 - "line?break ?"'] })
  const many = warningHeaders(Array.from({ length: 100 }, (_, index) => `${index}${'x'.repeat(1000)}`)) as { Warning: string[] }
  assert.ok(many.Warning.join().length < 4200)
})

test('YAML is read as Go reads it', () => {
  const text = 'a: yes\nb: 0777\nc: 12:30:45\nd: 2001-01-01\ne: 1_000\nf: "no"\nbase: &x {k: 1}\nmerged: {<<: *x}\n'
  assert.equal(parseYaml(text), {
    a: true,
    b: 511,
    c: '12:30:45',
    d: '2001-01-01',
    e: 1000,
    f: 'no',
    base: { k: 1 },
    merged: { k: 1 },
  })
  assert.fails(() => parseYaml('a: 1\na: 2'))
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (const [name, before] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf'].map((pair) => [...pair]))
    bomb.push(`${name}: &${name} [${`*${before},`.repeat(9)}]`)
  assert.fails(() => parseYaml(bomb.join('\n')))
  const back = formatYaml({ on: 'yes', n: '012', long: 'x'.repeat(200) })
  assert.equal(parseYaml(back), { on: 'yes', n: '012', long: 'x'.repeat(200) })
})

test('nesting without end is refused before anything is built', () => {
  const deep = [
    '['.repeat(20_000),
    '{a: '.repeat(20_000),
    '- '.repeat(20_000),
    '? '.repeat(20_000),
    Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''),
  ]
  for (const text of deep)
    assert.fails(
      () => parseYaml(text),
      (error) => /nested deeper/.test((error as Error).message),
    )
  assert.fails(() => checkJsonNesting('['.repeat(301)))
  assert.fails(() => checkJsonNesting(`{"a":"]]","b":${'{"c":'.repeat(300)}`))
  checkJsonNesting(`"${'['.repeat(1000)}\\"${'['.repeat(1000)}"`)
  checkJsonNesting('[]'.repeat(1000))
  assert.equal(parseYaml(`${'['.repeat(50)}${']'.repeat(50)}`), JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`))
  assert.is(parseYaml(''), null)
  const chain = Array.from({ length: 2000 }, (_, at) => `k${at + 1}: &a${at + 1} [*a${at}]`)
  assert.fails(() => parseYaml(['k0: &a0 x', ...chain].join('\n')))
})

test('static tokens are read as kube-apiserver reads them', () => {
  const tokens = parseTokens(
    '# comment\nsecret1,alice,u1,"team-a,team-b"\r\n secret2 , bob ,\nsecret3,"say ""hi""",3,one\n\n',
    'f',
  )
  assert.equal(tokens.find('secret1'), { name: 'alice', uid: 'u1', groups: ['team-a', 'team-b'] })
  assert.equal(tokens.find('secret2'), { name: 'bob', groups: [] })
  assert.equal(tokens.find('secret3'), { name: 'say "hi"', uid: '3', groups: ['one'] })
  for (const wrong of ['', 'secret', 'SECRET1', 'secret1 ']) assert.is(tokens.find(wrong), undefined)
  assert.fails(
    () => parseTokens('ok,a,1\nbroken', 'tokens.csv'),
    (error) => /tokens\.csv:2/.test((error as Error).message),
  )
})
