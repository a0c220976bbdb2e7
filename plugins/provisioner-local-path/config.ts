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
  }),
}

export type LocalPathConfig = Static<typeof localPathConfig.schema>
