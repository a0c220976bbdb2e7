import { ClientsToken, leadership } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import { schedulerConfig } from './config.js'
import { Bind, Filter, Permit, PostFilter, PreFilter, QueueSort, Reserve, Score } from './contract.js'
import { SchedulerSession } from './session.js'

/** The scheduler host: runs the cycle over the policies that plugins contribute. */
export const schedulerHost = definePlugin({
  id: 'scheduler-host',
  api: '^1.0',
  stage: 'control',
  requires: {
    clients: ClientsToken,
    sorts: QueueSort,
    preFilters: PreFilter,
    filters: Filter,
    postFilters: PostFilter,
    scores: Score,
    reserves: Reserve,
    permits: Permit,
    binds: Bind,
  },
  config: schedulerConfig,
  async setup(context, { clients, ...policies }) {
    const { clock, random, log, config, version } = context
    const actor = `scheduler-host@${version}`
    return leadership({
      ...{ context, clients, user: 'system:kube-scheduler' },
      work: (leading) => new SchedulerSession({ ...leading, clock, random, log, config, actor, policies }),
    })
  },
})
