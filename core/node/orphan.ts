import type { Pod } from '../kinds/contract.js'
import type { Sandbox } from './contract.js'
import { graceAnnotation } from './sandbox-config.js'

/** What is left of a Pod that was deleted while nobody looked: enough to end it in good order. */
export function orphanOf(sandbox: Sandbox): Pod {
  const { namespace, name, uid } = sandbox.pod
  const grace = Number(sandbox.annotations[graceAnnotation] ?? 30)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, uid },
    spec: { containers: [], terminationGracePeriodSeconds: Number.isFinite(grace) ? grace : 30 },
  }
}
