/** Test data: random objects of any schema, for properties that hold for every kind. */
import fc from 'fast-check'
import type { KubeObject, ResourceKind, TypeSchema } from './contract.js'

const time = fc.date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
const scalars = {
  boolean: fc.boolean(),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0 || 0),
  bytes: fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  time: time.map((date) => date.toISOString()),
  microTime: time.map((date) => date.toISOString()),
  duration: fc.constantFrom('1s', '1m30s', '1.5h', '0'),
  quantity: fc.constantFrom('1', '1000m', '0.5', '1Gi', '2048Ki', 3, '1e3', '12E'),
  intOrString: fc.oneof(fc.integer(), fc.constantFrom('25%', 'http')),
  any: fc.jsonValue({ maxDepth: 2 }).filter((value) => value !== null),
} as const

/** Values of a schema. Objects get a few of their fields; `depth` bounds recursive types. */
export function arbitraryOf(schema: TypeSchema, depth = 8): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'object': {
      if (depth === 0) return fc.constant({})
      const names = [...schema.fields.keys()]
      const some = fc.subarray(names, { maxLength: Math.min(names.length, 4) })
      return some.chain((chosen) =>
        fc.record(
          Object.fromEntries(
            chosen.map((name) => [name, arbitraryOf(schema.fields.get(name)?.schema ?? { type: 'any' }, depth - 1)]),
          ),
        ),
      )
    }
    case 'array':
      return fc.array(arbitraryOf(schema.items, depth), { maxLength: 2 })
    case 'map':
      return fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), arbitraryOf(schema.values, depth), { maxKeys: 2 })
    case 'either':
      return fc.oneof(arbitraryOf(schema.object, depth - 1), arbitraryOf(schema.other, depth - 1))
    case 'string':
      return schema.values ? fc.constantFrom(...schema.values) : fc.string({ maxLength: 6 })
    case 'integer':
      return fc.integer(schema.bits === 64 ? { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER } : {})
    default:
      return scalars[schema.type]
  }
}

export const arbitraryObject = (kind: ResourceKind): fc.Arbitrary<KubeObject> =>
  arbitraryOf(kind.schema).map((object) => ({
    ...(object as KubeObject),
    apiVersion: kind.apiVersion,
    kind: kind.kind,
  }))

/** What a test knows to be there. */
export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there')
  return value
}
