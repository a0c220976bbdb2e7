import { assert, test } from '@davit/core/testing'
import { hashLabel, sameTemplate, templateHash } from './template-hash.js'
import { template } from './testing.js'

test('a hash is short, safe and stable', () => {
  const seen = new Set<string>()
  for (let index = 0; index < 500; index += 1) {
    const hash = templateHash(template(`web:${index}`))
    assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{8,10}$/)
    seen.add(hash)
  }
  assert.is(seen.size, 500)
  // Names of ReplicaSets in a store: they must not change with a release.
  assert.is(templateHash(template('web:1')), '5776896dbc')
})

test('the order of keys, empty parts and the label itself do not matter', () => {
  const plain = template('web:1')
  const variants = [
    { spec: plain.spec, metadata: plain.metadata },
    { ...plain, metadata: { ...plain.metadata, annotations: {} } },
    { ...plain, metadata: { labels: { [hashLabel]: 'x', app: 'web' } } },
    { ...plain, spec: { containers: [{ image: 'web:1', name: 'main', command: [], env: undefined }] } },
  ]
  for (const variant of variants) {
    assert.ok(sameTemplate(plain, variant), JSON.stringify(variant))
    assert.is(templateHash(variant), templateHash(plain))
  }
})

test('everything else matters', () => {
  const plain = template('web:1')
  const variants = [
    template('web:2'),
    template('web:1', { tier: 'front' }),
    { ...plain, metadata: { ...plain.metadata, annotations: { restartedAt: 'now' } } },
    { ...plain, spec: { containers: [{ name: 'main', image: 'web:1', args: ['-v'] }] } },
    { ...plain, spec: { ...plain.spec, containers: plain.spec?.containers ?? [], volumes: [{ name: 'a', emptyDir: {} }] } },
    { ...plain, spec: { ...plain.spec, containers: plain.spec?.containers ?? [], volumes: [{ name: 'a' }] } },
  ]
  const hashes = new Set(variants.map((variant) => templateHash(variant)))
  assert.is(hashes.size, variants.length)
  for (const variant of variants) assert.not.ok(sameTemplate(plain, variant))
})

test('a collision gives another name', () => {
  const names = [0, 1, 2, 3].map((collisions) => templateHash(template(), collisions))
  assert.is(new Set(names).size, 4)
  assert.is(templateHash(template(), 0), templateHash(template()))
})

test('a frozen template is read once', () => {
  const frozen = Object.freeze(template('web:9'))
  assert.is(templateHash(frozen), templateHash(template('web:9')))
  assert.ok(sameTemplate(frozen, template('web:9')))
})
