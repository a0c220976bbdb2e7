import { type Static, Type } from '@davit/core/kernel'

const schema = Type.Object({
  policyFile: Type.String({ minLength: 1, description: 'YAML file with a Policy of audit.k8s.io/v1, read at the start.' }),
  path: Type.String({
    minLength: 1,
    description: 'File that events are appended to, one JSON object in a line; only its owner may read it.',
  }),
  maxSizeMegabytes: Type.Number({
    minimum: 0,
    default: 100,
    description: 'Size from which on a new file is begun, in millions of bytes; 0: never.',
  }),
  maxBackups: Type.Integer({ minimum: 0, default: 10, description: 'Old files that are kept beside it; 0: all.' }),
  maxAgeDays: Type.Number({ minimum: 0, default: 0, description: 'Days after which old files are removed; 0: never.' }),
  batchMs: Type.Integer({
    minimum: 1,
    default: 100,
    description: 'Milliseconds for which events are gathered before they are written together.',
  }),
  queueMegabytes: Type.Number({
    minimum: 0.01,
    default: 32,
    description: 'Events that may wait for the disk, in millions of bytes.',
  }),
  whenFull: Type.Union([Type.Literal('drop'), Type.Literal('block')], {
    default: 'drop',
    description:
      'What happens to events that find the queue full: "drop" counts and forgets them, "block" makes the whole server wait until ' +
      'they are written. What the disk refuses is counted and lost in both cases.',
  }),
})
export type AuditConfig = Static<typeof schema>
export const auditConfig = { version: 1, schema }
