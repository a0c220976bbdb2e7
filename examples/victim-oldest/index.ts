import { type VictimChoice, VictimChoiceToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import type { Pod } from '@davit/core/kinds'

/**
 * Which Pods go when a ReplicaSet has too many: the ones that have run longest. Kubernetes takes the youngest first,
 * which keeps what leaks memory and throws away what was just warmed up. Answering `undefined` would mean no opinion.
 */
const oldest: VictimChoice = {
  name: 'oldest-first',
  rank: ({ candidates }) => [...candidates].sort((a, b) => bornAt(a) - bornAt(b)),
}

function bornAt({ metadata }: Pod): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0
}

export default definePlugin({
  id: 'victim-oldest',
  api: '^1.0',
  provides: { choice: VictimChoiceToken },
  setup: async () => ({ provides: { choice: oldest } }),
})
