import { type Static, Type } from '@davit/core/kernel'

const pluginEntry = Type.Object({
  id: Type.String({
    description: "A built-in's id, a path to a .ts or .js file (relative to this file), or an installed package.",
  }),
  name: Type.Optional(Type.String({ description: 'Tells two entries of the same plugin apart.', pattern: '^[a-z0-9-]+$' })),
  config: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: "The plugin's own configuration; its schema is the plugin's." }),
  ),
  version: Type.Optional(
    Type.Integer({ description: "Version of the plugin's configuration schema that `config` is written for.", minimum: 1 }),
  ),
  optional: Type.Optional(Type.Boolean({ description: 'Go on without it when it cannot start.' })),
  enabled: Type.Optional(Type.Boolean({ description: 'false takes a built-in out.' })),
})
const nodeRule = Type.Object({
  match: Type.Optional(
    Type.Object({ name: Type.Optional(Type.String({ description: 'Pattern for node names, with * and ?.' })) }),
  ),
  runtime: Type.Optional(
    Type.Object({ id: Type.String({ description: 'Runtime plugin, or auto for the best that this machine has.' }) }),
  ),
  network: Type.Optional(
    Type.Object({
      id: Type.String({ description: 'Pod network plugin; auto, or none: the runtime connects Pods.' }),
    }),
  ),
  proxy: Type.Optional(Type.Object({ id: Type.String({ description: 'Proxy plugin; auto, or none.' }) })),
})

/** The configuration file of a cluster. */
export const clusterSchema = Type.Object({
  apiVersion: Type.Literal('davit.dev/v1'),
  kind: Type.Literal('ClusterConfig'),
  dataDirectory: Type.Optional(Type.String({ description: 'Where store, keys and node data lie.' })),
  network: Type.Optional(
    Type.Object({
      podCidr: Type.Optional(
        Type.String({
          examples: ['10.244.0.0/16'],
          description:
            'Addresses of all Pods; each node gets a /24 of it. Default 10.244.0.0/16; 10.128.0.0/9 for more than 256 nodes.',
        }),
      ),
      serviceCidr: Type.Optional(Type.String({ description: 'Addresses of services.', default: '10.96.0.0/16' })),
      domain: Type.Optional(
        Type.String({
          description: 'DNS domain of the cluster.',
          default: 'cluster.local',
          pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
        }),
      ),
    }),
  ),
  store: Type.Optional(
    Type.Object({
      id: Type.String({ description: 'Store engine: store-level, store-memory, store-etcd, or a plugin.' }),
      config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
  ),
  plugins: Type.Optional(Type.Array(pluginEntry, { description: 'Built-ins to configure or take out, and plugins to add.' })),
  nodes: Type.Optional(Type.Array(nodeRule, { description: 'Which runtime and proxy a node uses: the first match decides.' })),
})
export type ClusterConfig = Static<typeof clusterSchema>
export type PluginSetting = Static<typeof pluginEntry>
