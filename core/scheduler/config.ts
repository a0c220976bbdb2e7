import { leaderElectionSchema } from '../client/contract.js'
import { Type } from '../kernel/contract.js'

export const schedulerConfig = {
  version: 1,
  schema: Type.Object({
    ...leaderElectionSchema('kube-scheduler'),
    schedulerName: Type.String({
      default: 'default-scheduler',
      minLength: 1,
      description: 'Pods with this spec.schedulerName are ours.',
    }),
    percentageOfNodesToScore: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 100,
      description:
        'Stop searching at this share of the nodes that do. 0: 50 % of a small cluster falling to 5 % of a large one, never under 100 nodes.',
    }),
    initialBackOffMs: Type.Integer({
      default: 1000,
      minimum: 1,
      description: 'Wait after the first cycle in vain, milliseconds; doubles each time.',
    }),
    maximumBackOffMs: Type.Integer({
      default: 10_000,
      minimum: 1,
      description: 'Longest wait between cycles in vain, milliseconds.',
    }),
    permitDeadlineMs: Type.Integer({
      default: 60_000,
      minimum: 1,
      description: 'How long permit policies may keep a Pod waiting, milliseconds.',
    }),
    bindsAtOnce: Type.Integer({ default: 64, minimum: 1, description: 'How many bindings may be under way at once.' }),
  }),
}
