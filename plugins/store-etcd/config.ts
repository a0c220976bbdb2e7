import { type Static, Type } from '@davit/core/kernel'

const file = (what: string) => Type.Optional(Type.String({ minLength: 1, description: `PEM file of ${what}.` }))

const schema = Type.Object({
  endpoints: Type.Array(Type.String({ pattern: '^https?://[^/]+$' }), {
    minItems: 1,
    default: ['http://127.0.0.1:2379'],
    description: 'URLs of the members of one etcd cluster. One is used at a time, the next when it does not answer.',
  }),
  prefix: Type.String({
    pattern: '^/[!-.0-~]+(/[!-.0-~]+)*$',
    default: '/davit',
    description: 'What all keys of this cluster begin with, so that one etcd may hold others beside it.',
  }),
  caFile: file("the authority that signed the members' certificates; without it, those that Node knows"),
  certFile: file('the certificate by which this server is known to etcd'),
  keyFile: file('the key of certFile'),
  timeoutSeconds: Type.Number({
    exclusiveMinimum: 0,
    default: 5,
    description: 'Seconds that a call may take. An etcd that is lost is waited for as long; then requests are refused with 503.',
  }),
  compactionSeconds: Type.Number({
    minimum: 0,
    default: 300,
    description:
      'Seconds between compactions, each up to where the store was one before; one of several servers does it. 0: never, ' +
      'where etcd does it by itself (--auto-compaction-retention).',
  }),
})
export type EtcdConfig = Static<typeof schema>
export const etcdConfig = { version: 1, schema }
