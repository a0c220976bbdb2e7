import type { Differences } from './kubectl-lines.js'

/** What each version says otherwise than the newest. None asks for anything that Kubernetes 1.33 would answer otherwise. */
export const differences: Readonly<Record<string, Differences>> = {
  '1.20': {
    // It knows CronJobs and budgets by their beta versions alone, which ended with 1.25.
    'create cronjob cj --image=busybox --schedule=@daily -- true': ['the server could not find the requested resource', 1],
    'create poddisruptionbudget pdb --selector=app=web --min-available=1': [
      'no matches for kind "PodDisruptionBudget" in version "policy/v1beta1"',
      1,
    ],
    'describe cronjob,pdb': ['Error from server (NotFound): the server could not find the requested resource', 1],
    'apply -f LESS --prune -l set=a': ['no matches for kind "CronJob" in version "batch/v1beta1"', 1],
    'delete cm m1 --ignore-not-found': ['configmap "m1" deleted'],
    // Came with 1.24 and 1.23.
    'create token sa': ['unknown command "token sa"', 1],
    events: ['Error: flags cannot be placed before plugin name', 1],
    // In other words.
    'label deploy web tier-': ['deployment.apps/web labeled'],
    'explain pod.spec.containers': ['RESOURCE: containers <[]Object>'],
    'drain one --ignore-daemonsets --force --timeout=60s': ['node/one evicted'],
  },
  '1.30': {
    // It complains of the empty message that says "connected" where that is faster than its own streams.
    'cp ONE runner:/tmp/copied': [/^(E\d{4} .* Unknown stream id \d, discarding message\n)*$/],
  },
}
