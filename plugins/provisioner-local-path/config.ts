import { type Static, Type } from '@davit/core/kernel'

export const localPathConfig = {
  version: 1,
  schema: Type.Object({
    storageClass: Type.String({
      default: 'local-path',
      maxLength: 253,
      description: 'Name of the StorageClass that a cluster without it gets at its start. "": none.',
    }),
    defaultClass: Type.Boolean({
      default: true,
      description: 'Whether that class is made the default one, where no other class is it.',
    }),
    lostNodeSeconds: Type.Integer({
      default: 60,
      minimum: 0,
      description:
        'Seconds after which a volume that is deleted no longer waits for a node that the cluster does not have any more.',
    }),
  }),
}

export type LocalPathConfig = Static<typeof localPathConfig.schema>
