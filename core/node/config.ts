import { type Static, Type } from '../kernel/contract.js'

const textMap = (description: string) => Type.Record(Type.String(), Type.String(), { default: {}, description })

const taint = Type.Object({
  key: Type.String({ minLength: 1, description: 'Key of the taint.' }),
  value: Type.Optional(Type.String({ description: 'Value of the taint.' })),
  effect: Type.Union([Type.Literal('NoSchedule'), Type.Literal('PreferNoSchedule'), Type.Literal('NoExecute')], {
    description: 'What it does to Pods that do not tolerate it.',
  }),
})

export const nodeConfig = Type.Object({
  name: Type.String({ minLength: 1, description: 'Name of the Node object.' }),
  runtime: Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
    description: 'Id of the plugin that runs its containers: "cri-containerd"; or several, of which the first usable one does.',
  }),
  network: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Id of the plugin that connects its Pods: "network-bridge"; "none": the runtime does. Default: the first that can be used here, if there is one.',
    }),
  ),
  podCidr: Type.Optional(
    Type.String({
      description: 'Addresses of its Pods: "10.244.3.0/24". Without it the node waits until a controller gives it a range.',
    }),
  ),
  labels: textMap('Labels of the Node object besides the usual ones.'),
  taints: Type.Array(taint, { default: [], description: 'Taints that a new Node object begins with.' }),
  capacity: textMap('What the node has, by resource ("cpu": "8"); default: what the machine has.'),
  podPidsLimit: Type.Integer({
    minimum: -1,
    default: 4096,
    description: 'Processes and threads that a container may have; -1: as many as the machine.',
  }),
  allowedUnsafeSysctls: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: 'Kernel parameters that Pods may set besides the safe ones; "net.core.*" means all that begin so.',
  }),
  addresses: Type.Array(Type.String(), {
    default: [],
    description: 'Addresses of the node, IPv4 first. Default: the machine’s.',
  }),
  directory: Type.Optional(Type.String({ description: 'Where the node keeps volumes and files. Default: below dataDirectory.' })),
})

export const agentConfig = Type.Object({
  nodes: Type.Array(nodeConfig, { default: [], description: 'The nodes that this process runs.' }),
  dataDirectory: Type.String({
    minLength: 1,
    description: 'Where nodes without a directory of their own keep volumes and files.',
  }),
  clusterCidr: Type.Optional(Type.String({ description: 'Addresses of all Pods: "10.244.0.0/16".' })),
  clusterDomain: Type.String({ default: 'cluster.local', description: 'DNS domain of the cluster.' }),
  clusterDns: Type.Optional(Type.String({ description: 'Address of the cluster’s DNS server; without it Pods use the node’s.' })),
})

export type NodeConfig = Static<typeof nodeConfig>
export type AgentConfig = Static<typeof agentConfig>
