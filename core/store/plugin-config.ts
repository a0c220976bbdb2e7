import { Type } from '../kernel/contract.js'
import { defaultCacheSize } from './level-engine.js'
import { defaultRetention } from './retention.js'

const retention = {
  retainRevisions: Type.Integer({
    minimum: 1,
    default: defaultRetention.revisions,
    description: 'Compaction keeps the history of at least so many revisions, so that watches can go on from there.',
  }),
  retainSeconds: Type.Number({
    minimum: 0,
    default: defaultRetention.seconds,
    description: 'Compaction keeps the history of at least so many seconds.',
  }),
  retainAtMost: Type.Integer({
    minimum: 1,
    default: defaultRetention.maximumRevisions,
    description: 'Compaction never keeps the history of more revisions than this, however young: it takes memory.',
  }),
}

/** A reload keeps the store open: what is retained changes at once, another `cacheSize` counts from the next start. */
export const levelConfig = {
  version: 1,
  schema: Type.Object({
    path: Type.String({ minLength: 1, description: 'The directory of the data; made when it is missing.' }),
    cacheSize: Type.Integer({
      minimum: 0,
      default: defaultCacheSize,
      description: 'Bytes of recently read blocks that LevelDB keeps in memory.',
    }),
    ...retention,
  }),
}

export const memoryConfig = { version: 1, schema: Type.Object(retention) }
