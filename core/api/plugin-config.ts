import { Type } from '../kernel/contract.js'

export const pipelineConfig = {
  version: 1,
  schema: Type.Object({
    serviceCidr: Type.String({
      default: '10.96.0.0/16',
      description: 'IPv4 range that the cluster IPs of services come from; its first address is that of default/kubernetes.',
    }),
    nodePortRange: Type.Object(
      {
        from: Type.Integer({ minimum: 1, maximum: 65535, default: 30000, description: 'First node port.' }),
        to: Type.Integer({ minimum: 1, maximum: 65535, default: 32767, description: 'Last node port.' }),
      },
      { default: { from: 30000, to: 32767 }, description: 'Ports of nodes that services of type NodePort and LoadBalancer get.' },
    ),
    eventTtlSeconds: Type.Integer({
      minimum: 0,
      default: 3600,
      description: 'Seconds after which an event is forgotten. 0 keeps events until somebody deletes them.',
    }),
    relaxed: Type.Array(Type.String(), {
      default: ['core/events', 'coordination.k8s.io/leases'],
      description:
        'Resources, as group/resource ("core" for the core group), whose writes do not wait for the disk: a crash of the ' +
        'machine may lose about the last second of them.',
    }),
  }),
}
