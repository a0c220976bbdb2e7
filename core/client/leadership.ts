import { hostname } from 'node:os'
import type { PluginContext, PluginLife } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import type { Clients, Fence, Informer } from './contract.js'
import { createEventRecorder, type EventRecorder } from './event-recorder.js'
import { LeaderElection, type Term } from './leader.js'
import { checkTimings, type LeaderElectionConfig } from './leader-config.js'

/** What one term, or the whole life of a process that need not be elected, has at hand. */
export interface WhileLeading {
  /** What they write is refused from the moment at which another may lead. */
  readonly clients: Clients
  /** Of the term, for writes of policies that have clients of their own; absent where nobody is elected. */
  readonly fence?: Fence
  /** Resolves when the informer shows all that leaders before have written. */
  settled(informer: Informer<KubeObject>, signal: AbortSignal): Promise<void>
}
/** Made anew for each term. */
export interface LedWork {
  /** Resolves when it works; also, without doing so, when it is stopped meanwhile. Rejects where it cannot. */
  start(): Promise<void>
  /** Idempotent, and callable while `start` runs. Resolves when nothing of it is under way any more. */
  stop(): Promise<void>
}
export interface LeadershipOptions {
  readonly context: PluginContext<LeaderElectionConfig>
  readonly clients: Clients
  /** Whose Lease it is: "system:kube-scheduler". */
  readonly user: string
  work(leading: WhileLeading): LedWork
}

/**
 * Runs work that must not be done twice. Where no other process can act on the cluster, it runs from `start` to `drain`
 * without any lease. Otherwise this process takes part in an election in the background, from `afterStart` on, so that
 * no start waits for it; it works only while it leads, and may lead again and again.
 */
export function leadership(options: LeadershipOptions): PluginLife {
  const { context, clients } = options
  const { leaderElect } = context.config
  checkTimings(context.config)
  return leaderElect === 'always' || (leaderElect === 'shared' && clients.shared) ? elected(options) : alone(options)
}

function alone({ context, clients, work }: LeadershipOptions): PluginLife {
  const only = work({ clients, settled: (informer, signal) => informer.whenSynced(signal) })
  context.defer(() => only.stop())
  return { start: () => only.start(), drain: () => only.stop() }
}

function elected(options: LeadershipOptions): PluginLife {
  const { context, clients, user } = options
  const { clock, random, ids, log, config } = context
  let election: LeaderElection | undefined
  let events: EventRecorder | undefined
  const close = async () => {
    await election?.close()
    events?.close()
  }
  context.defer(close)
  return {
    afterStart() {
      if (context.signal.aborted) return
      const client = clients.as({ name: user, manager: config.leaseName })
      const component = config.leaseName
      events = createEventRecorder({ client, turns: clients.eventTurns, clock, random, log, component, host: hostname() })
      election = new LeaderElection({
        ...{ client, events, clock, random, log, namespace: 'kube-system', name: config.leaseName },
        // Never one that another process may have: a restarted one waits for its own lease as for any other.
        identity: `${hostname()}_${ids.uuid()}`,
        leaseMs: config.leaseDurationMs,
        renewDeadlineMs: config.renewDeadlineMs,
        retryMs: config.retryPeriodMs,
        lead: (term) => oneTerm(options, term),
      })
    },
    drain: close,
  }
}

async function oneTerm({ clients, work }: LeadershipOptions, { signal, fence }: Term): Promise<void> {
  const fenced: Clients = {
    shared: clients.shared,
    eventTurns: clients.eventTurns,
    as: (identity) => clients.as(identity, fence),
    informer: (resource, scope) => clients.informer(resource, scope),
    follow: (resource, scope) => clients.follow(resource, scope),
  }
  const own = work({ clients: fenced, fence, settled: (informer, until) => informer.whenCurrent(until) })
  const over = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  try {
    await Promise.race([over, own.start()])
    await over
  } finally {
    await own.stop()
  }
}
