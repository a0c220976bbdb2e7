import { type Static, Type } from '@davit/core/kernel'

export const csiConfig = {
  version: 1,
  schema: Type.Object({
    directory: Type.String({
      minLength: 1,
      pattern: '^/',
      default: '/var/lib/kubelet',
      description:
        'Where drivers announce themselves (plugins_registry) and mount volumes (plugins, pods). Drivers are made for the default. ' +
        'One cluster of a machine at a time can have it.',
    }),
    callSeconds: Type.Integer({
      minimum: 1,
      default: 120,
      description: 'Seconds that a driver may take for one call before it is asked again.',
    }),
  }),
}

export type CsiConfig = Static<typeof csiConfig.schema>
