import { matchesNodeTerm, type NodeSelectorTerm, type Pod, selectsNode } from '@davit/core/kinds'
import type { FilterPolicy, PreFilterPolicy, Rejection, ScorePolicy } from '@davit/core/scheduler'

const unmatched: Rejection = { reason: "node(s) didn't match Pod's node affinity/selector", unresolvable: true }

function requiredTerms({ spec }: Pod): readonly NodeSelectorTerm[] | undefined {
  return spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
}

/** A Pod that names its nodes, as those of a DaemonSet do, needs no look at the others. */
export const namedNodes: PreFilterPolicy = {
  name: 'node-affinity',
  preFilter(_state, { pod }) {
    const terms = requiredTerms(pod)
    if (!terms || terms.length === 0) return undefined
    const nodes = new Set<string>()
    for (const { matchFields = [] } of terms) {
      const names = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In')?.values
      if (!names) return undefined
      for (const name of names) nodes.add(name)
    }
    return { nodes }
  },
}

/** `spec.nodeSelector` and required node affinity; terms are alternatives, the parts of a term all hold. */
export const nodeAffinity: FilterPolicy = {
  name: 'node-affinity',
  filter(_state, { pod }, { node }) {
    return selectsNode(pod.spec, node) ? undefined : unmatched
  },
}

/** The weights of the preferred terms that hold, as a share of all. */
export const preferredNodes: ScorePolicy = {
  name: 'preferred-nodes',
  weight: 2,
  score(_state, { pod }, { node }) {
    const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution
    if (!terms || terms.length === 0) return 0
    let held = 0
    let all = 0
    for (const { preference, weight } of terms) {
      all += weight
      if (matchesNodeTerm(preference, node)) held += weight
    }
    return all === 0 ? 0 : (100 * held) / all
  },
}
