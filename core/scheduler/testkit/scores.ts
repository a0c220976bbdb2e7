import { assert } from '../../testing/contract.js'
import type { NodeInfo, PodInfo, ScorePolicy } from '../contract.js'
import { nodeInfos, podInfos } from './corpus.js'
import { describe, freshState } from './kit.js'

/** As one cycle asks. */
function scoresOf(policy: ScorePolicy, pod: PodInfo, nodes: readonly NodeInfo[]): readonly number[] {
  const state = freshState()
  policy.preScore?.(state, pod, nodes)
  return nodes.map((node) => policy.score(state, pod, node))
}

export const scoreCases: Readonly<Record<string, (policy: ScorePolicy) => void>> = {
  'is a number from 0 to 100': (policy) => {
    for (const pod of podInfos()) {
      scoresOf(policy, pod, nodeInfos()).forEach((score, index) => {
        const what = describe(policy, pod, nodeInfos()[index])
        assert.ok(typeof score === 'number' && score >= 0 && score <= 100, `${what}: the score is ${score}`)
      })
    }
  },
  'has a weight that is a positive number': ({ name, weight = 1 }) => {
    assert.ok(Number.isFinite(weight) && weight > 0, `the weight of ${name} is ${weight}`)
  },
  'gives the same scores twice, and for copies': (policy) => {
    for (const pod of podInfos()) {
      const scores = scoresOf(policy, pod, nodeInfos())
      assert.equal(scoresOf(policy, pod, nodeInfos()), scores, `${describe(policy, pod)}: other scores the second time`)
      const copied = scoresOf(policy, structuredClone(pod), structuredClone(nodeInfos()))
      assert.equal(copied, scores, `${describe(policy, pod)}: other scores for copies`)
    }
  },
  'does not depend on the order of the nodes': (policy) => {
    for (const pod of podInfos()) {
      const scores = scoresOf(policy, pod, nodeInfos())
      const turned = scoresOf(policy, pod, [...nodeInfos()].reverse())
      assert.equal([...turned].reverse(), scores, `${describe(policy, pod)}: other scores in another order`)
    }
  },
}
