import { DavitError, type Static, Type } from '../kernel/contract.js'
import { leaderDefaults, retryJitter } from './leader.js'

/** Configuration of a host of which one in a cluster works: `...leaderElectionSchema('kube-scheduler')`. */
export function leaderElectionSchema(lease: string) {
  return {
    leaderElect: Type.Union([Type.Literal('shared'), Type.Literal('always'), Type.Literal('never')], {
      default: 'shared',
      description: 'Elect who works, by a Lease in kube-system. shared: where other processes may act on the same cluster.',
    }),
    leaseName: Type.String({
      default: lease,
      minLength: 1,
      description: 'The Lease. Hosts that are to work beside each other, such as a second scheduler, need one each.',
    }),
    leaseDurationMs: Type.Integer({
      default: leaderDefaults.leaseMs,
      minimum: 1000,
      description: 'How long a leader that is not heard of is respected, milliseconds, in whole seconds rounded up.',
    }),
    renewDeadlineMs: Type.Integer({
      default: leaderDefaults.renewDeadlineMs,
      minimum: 1,
      description: 'A leader that could not renew its lease for so long stops, milliseconds; less than leaseDurationMs.',
    }),
    retryPeriodMs: Type.Integer({
      default: leaderDefaults.retryMs,
      minimum: 1,
      description: 'Between two attempts to take or renew the lease, milliseconds; up to a fifth more each time.',
    }),
  }
}

const schema = Type.Object(leaderElectionSchema('kube-scheduler'))
export type LeaderElectionConfig = Static<typeof schema>

/** As Kubernetes checks it: a leader must have stopped before its lease can be another's, and may miss a renewal. */
export function checkTimings({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: LeaderElectionConfig): void {
  const wrong = (text: string) => new DavitError('DAVIT_CONFIG_INVALID', text)
  if (leaseDurationMs <= renewDeadlineMs)
    throw wrong(`leaseDurationMs (${leaseDurationMs}) must be greater than renewDeadlineMs (${renewDeadlineMs})`)
  const longestRetryMs = retryPeriodMs * (1 + retryJitter)
  if (renewDeadlineMs <= longestRetryMs)
    throw wrong(`renewDeadlineMs (${renewDeadlineMs}) must be greater than retryPeriodMs and a fifth of it (${longestRetryMs})`)
}
