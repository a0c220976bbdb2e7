import { assert } from '../../testing/contract.js'
import type { PermitPolicy, ReservePolicy } from '../contract.js'
import { nodeInfos, podInfos } from './corpus.js'
import { checkRejection, describe, forEachPair, freshState } from './kit.js'

export const reserveCases: Readonly<Record<string, (policy: ReservePolicy) => void>> = {
  'can be undone without having been done, and twice': (policy) => {
    forEachPair((pod, { name }) => {
      policy.unreserve(freshState(), pod, name)
      const state = freshState()
      policy.reserve(state, pod, name)
      policy.unreserve(state, pod, name)
      policy.unreserve(state, pod, name)
    })
  },
  'answers the same after it was undone': (policy) => {
    forEachPair((pod, node) => {
      const state = freshState()
      const first = policy.reserve(state, pod, node.name)
      policy.unreserve(state, pod, node.name)
      if (first) checkRejection(first, describe(policy, pod, node), pod, node)
      const again = freshState()
      const second = policy.reserve(again, pod, node.name)
      policy.unreserve(again, pod, node.name)
      assert.equal(second, first, `${describe(policy, pod, node)}: something stayed reserved`)
    })
  },
}

export const permitCases: Readonly<Record<string, (policy: PermitPolicy) => Promise<void>>> = {
  'ends when its signal aborts': async (policy) => {
    const [node] = nodeInfos()
    for (const pod of podInfos()) {
      const over = new AbortController()
      const settled = policy.permit(freshState(), pod, node?.name ?? '', over.signal).then(
        (rejection) => rejection,
        () => undefined,
      )
      over.abort(new Error('the deadline passed'))
      const rejection = await settled
      if (rejection) checkRejection(rejection, describe(policy, pod), pod)
    }
  },
}
