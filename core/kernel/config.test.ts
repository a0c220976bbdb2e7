import { assert, suite } from '../testing/contract.js'
import { decodeBySchema, decodeConfig } from './config.js'
import { type AnyPlugin, DavitError, Type } from './contract.js'

const fields = Type.Object({
  strategy: Type.Union([Type.Literal('MostAllocated'), Type.Literal('LeastAllocated')], { default: 'MostAllocated' }),
  weight: Type.Integer({ minimum: 1, default: 1 }),
  resources: Type.Array(Type.Object({ name: Type.String(), weight: Type.Integer({ default: 1 }) }), { default: [] }),
  limits: Type.Object({ cpu: Type.Integer({ default: 4 }), note: Type.Optional(Type.String()) }),
  labels: Type.Optional(Type.Record(Type.String(), Type.Object({ priority: Type.Integer({ default: 0 }) }))),
})

function plugin(config: AnyPlugin['config']): AnyPlugin {
  return { id: 'binpack', api: '^1.0', ...(config ? { config } : {}), setup: async () => ({}) }
}
const withSchema = plugin({ version: 1, schema: fields })
const decode = (config: unknown) => decodeConfig({ plugin: withSchema, config, source: 'davit.yaml: plugins[3]' })
async function faults(config: unknown): Promise<unknown> {
  const error = await assert.rejects(decode(config), { code: 'DAVIT_CONFIG_INVALID' })
  return error instanceof DavitError ? error.details.faults : undefined
}

const defaults = suite('defaults')
defaults('fill what is left out, nested objects too, and freeze the result', async () => {
  const config = await decode(undefined)
  assert.equal(config, { strategy: 'MostAllocated', weight: 1, resources: [], limits: { cpu: 4 } })
  assert.ok(Object.isFrozen(config))
  assert.ok(Object.isFrozen(config.limits))
})
defaults('fill the objects of arrays and of maps', async () => {
  const config = await decode({ resources: [{ name: 'cpu' }], labels: { zone: {} } })
  assert.equal(config.resources, [{ name: 'cpu', weight: 1 }])
  assert.equal(config.labels, { zone: { priority: 0 } })
})
defaults('leave the given object alone and are not shared between plugins', async () => {
  const given = { limits: {} }
  const [first, second] = [await decode(given), await decode(given)]
  assert.equal(given, { limits: {} })
  assert.is.not(first.resources, second.resources)
})
defaults('do not hide a required key that has none', async () => {
  const needy = plugin({ version: 1, schema: Type.Object({ tls: Type.Object({ certificate: Type.String() }) }) })
  await assert.rejects(decodeConfig({ plugin: needy }), 'config.tls.certificate: is required')
})

const errors = suite('errors')
errors('an unknown key is one, at every level, with a suggestion and the known keys', async () => {
  assert.equal(await faults({ wieght: 3 }), [
    'config.wieght: unknown key (value 3). Did you mean "weight"? Known keys: strategy, weight, resources, limits, labels.',
  ])
  assert.equal(await faults({ limits: { memory: '1Gi' } }), [
    'config.limits.memory: unknown key (value "1Gi"). Known keys: cpu, note.',
  ])
  assert.equal(await faults({ resources: [{ name: 'cpu', heavy: true }] }), [
    'config.resources[0].heavy: unknown key (value true). Known keys: name, weight.',
  ])
  assert.equal(await faults({ labels: { 'a/b': { rank: 1 } } }), [
    'config.labels.a/b.rank: unknown key (value 1). Known keys: priority.',
  ])
})
errors('unknown keys are refused although the schema allows them', async () => {
  const open = plugin({ version: 1, schema: Type.Object({ a: Type.Optional(Type.String()) }, { additionalProperties: true }) })
  await assert.rejects(decodeConfig({ plugin: open, config: { b: 1 } }), 'config.b: unknown key')
})
errors('the keys of an intersection are those of all its parts', async () => {
  const parts = [Type.Object({ a: Type.String() }), Type.Object({ b: Type.Integer({ default: 2 }) })]
  const both = plugin({ version: 1, schema: Type.Intersect(parts) })
  assert.equal(await decodeConfig({ plugin: both, config: { a: 'x' } }), { a: 'x', b: 2 })
  await assert.rejects(
    decodeConfig({ plugin: both, config: { a: 'x', c: 1 } }),
    'config.c: unknown key (value 1). Known keys: a, b.',
  )
})
errors('a wrong value is shown with what is allowed', async () => {
  assert.equal(await faults({ strategy: 'mostAllocated' }), [
    'config.strategy: must be one of "MostAllocated", "LeastAllocated", got "mostAllocated"',
  ])
  assert.equal(await faults({ weight: 0 }), ['config.weight: must be >= 1, got 0'])
  assert.equal(await faults({ weight: 'two', resources: [{}] }), [
    'config.weight: must be integer, got "two"',
    'config.resources[0].name: is required',
  ])
})
errors('of a union of objects the form that was meant is explained', async () => {
  const tcp = Type.Object({ kind: Type.Literal('tcp'), port: Type.Integer() })
  const file = Type.Object({ kind: Type.Literal('file'), path: Type.String() })
  const union = plugin({ version: 1, schema: Type.Object({ to: Type.Union([tcp, file]) }) })
  const faulty = (to: unknown) => decodeConfig({ plugin: union, config: { to } })
  await assert.rejects(faulty({ kind: 'file', port: 1 }), 'config.to.path: is required')
  await assert.rejects(faulty({ kind: 'pipe' }), 'config.to: has none of the allowed forms, got {"kind":"pipe"}')
})
errors('say which entry of which file is meant', async () => {
  await assert.rejects(decode({ weight: 0 }), /^davit\.yaml: plugins\[3\]: plugin "binpack": config\.weight/)
})
errors('configuration for a plugin that has none, or that is no object, is refused', async () => {
  assert.equal(await decodeConfig({ plugin: plugin(undefined), config: {} }), {})
  await assert.rejects(
    decodeConfig({ plugin: plugin(undefined), config: { a: 1 } }),
    'config.a: this plugin has no configuration',
  )
  await assert.rejects(decode([1]), 'config: must be an object, got [1]')
  await assert.rejects(
    decode(null).then(() => decode('x')),
    'config: must be an object, got "x"',
  )
})
errors('a broken schema blames the plugin', async () => {
  const broken = plugin({ version: 1, schema: Type.Object({ a: Type.Unsafe({ type: 'strnig' }) }) })
  await assert.rejects(decodeConfig({ plugin: broken, config: { a: 1 } }), { code: 'DAVIT_CONFIG_SCHEMA' })
})

errors('another file is checked in the same way, with paths from its root', async () => {
  const schema = Type.Object({ plugins: Type.Array(Type.Object({ id: Type.String() }), { default: [] }) })
  assert.equal(await decodeBySchema('davit.yaml', schema, {}), { plugins: [] })
  const faulty = decodeBySchema('davit.yaml', schema, { plugins: [{ ident: 'x' }], node: 1 })
  const error = await assert.rejects(faulty, { code: 'DAVIT_CONFIG_INVALID' })
  for (const part of ['plugins[0].id: is required', 'plugins[0].ident: unknown key', '\n  node: unknown key']) {
    assert.ok(error.message.includes(part), `${part} in ${error.message}`)
  }
  await assert.rejects(decodeBySchema('davit.yaml', schema, null), 'davit.yaml: must be an object, got null')
})

const versions = suite('versions')
const second = plugin({
  version: 3,
  schema: Type.Object({ weight: Type.Integer() }),
  migrate(old, from) {
    if (from < 2) throw new Error('too old')
    return { weight: (old as { w: number }).w }
  },
})
versions('an older configuration is migrated, then checked', async () => {
  assert.equal(await decodeConfig({ plugin: second, configVersion: 2, config: { w: 4 } }), { weight: 4 })
  await assert.rejects(decodeConfig({ plugin: second, configVersion: 2, config: { w: 'x' } }), 'config.weight: must be integer')
})
versions('a failing migration, a newer version and a missing migration are errors', async () => {
  await assert.rejects(decodeConfig({ plugin: second, configVersion: 1, config: { w: 4 } }), 'cannot be migrated to 3: too old')
  await assert.rejects(decodeConfig({ plugin: second, configVersion: 4, config: {} }), { code: 'DAVIT_CONFIG_VERSION' })
  await assert.rejects(decodeConfig({ plugin: withSchema, configVersion: 0, config: {} }), 'config version 0 is too old')
})
