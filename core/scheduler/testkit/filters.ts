import { assert } from '../../testing/contract.js'
import type { FilterPolicy, PostFilterPolicy, PreFilterPolicy, Rejection } from '../contract.js'
import { nodeInfos, podInfos, snapshot } from './corpus.js'
import { checkRejection, describe, forEachPair, freshState } from './kit.js'

export const preFilterCases: Readonly<Record<string, (policy: PreFilterPolicy) => void>> = {
  'answers with what the contract has, and the same twice': (policy) => {
    for (const pod of podInfos()) {
      const what = describe(policy, pod)
      const verdict = policy.preFilter(freshState(), pod, snapshot())
      assert.equal(policy.preFilter(freshState(), pod, snapshot()), verdict, `${what}: another answer the second time`)
      if (verdict === undefined) continue
      if ('rejection' in verdict) checkRejection(verdict.rejection, what, pod)
      else for (const name of verdict.nodes ?? []) assert.type(name, 'string', `${what}: a node's name is no text`)
    }
  },
  'says of every pair of Pods whether one helps the other': helps,
}

export const filterCases: Readonly<Record<string, (policy: FilterPolicy) => void>> = {
  'gives a reason that a user can read and nodes can be counted by': (policy) => {
    forEachPair((pod, node) => {
      const rejection = policy.filter(freshState(), pod, node)
      if (rejection !== undefined) checkRejection(rejection, describe(policy, pod, node), pod, node)
    })
  },
  'gives the same answer twice, in the same cycle and in another': (policy) => {
    forEachPair((pod, node) => {
      const state = freshState()
      const answers = [state, state, freshState()].map((each) => policy.filter(each, pod, node))
      for (const answer of answers) assert.equal(answer, answers[0], `${describe(policy, pod, node)}: another answer`)
    })
  },
  'decides by what it is shown, not by which object it is': (policy) => {
    forEachPair((pod, node) => {
      const answer = policy.filter(freshState(), pod, node)
      const copied = policy.filter(freshState(), structuredClone(pod), structuredClone(node))
      assert.equal(copied, answer, `${describe(policy, pod, node)}: another answer about a copy`)
    })
  },
  'says of every pair of Pods whether one helps the other': helps,
}

function helps(policy: Pick<FilterPolicy, 'name' | 'helpedBy'>): void {
  for (const pod of podInfos()) {
    for (const other of podInfos()) {
      const answer = policy.helpedBy?.(pod, other)
      assert.ok(answer === undefined || typeof answer === 'boolean', `${describe(policy, pod)}: helpedBy says ${answer}`)
      assert.is(policy.helpedBy?.(pod, other), answer, `${describe(policy, pod)}: helpedBy changes its mind`)
    }
  }
}

export const postFilterCases: Readonly<Record<string, (policy: PostFilterPolicy) => void>> = {
  'plans to clear a node of Pods that are there, and the same twice': (policy) => {
    const rejections = new Map<string, Rejection>(nodeInfos().map(({ name }) => [name, { reason: 'Insufficient cpu' }]))
    for (const pod of podInfos()) {
      const what = describe(policy, pod)
      const plan = policy.postFilter(freshState(), pod, snapshot(), rejections)
      assert.equal(policy.postFilter(freshState(), pod, snapshot(), rejections), plan, `${what}: another plan the second time`)
      if (!plan) continue
      const node = snapshot().node(plan.node)
      assert.ok(node, `${what}: the plan is for the node "${plan.node}", which is not there`)
      assert.ok(plan.victims.length > 0, `${what}: a plan without victims makes no room`)
      for (const victim of plan.victims)
        assert.ok(node?.pods.includes(victim), `${what}: the victim ${victim.key} is not on "${plan.node}"`)
    }
  },
  'leaves nodes alone where evicting would not help': (policy) => {
    const rejections = new Map<string, Rejection>(
      nodeInfos().map(({ name }) => [name, { reason: 'node(s) were unschedulable', unresolvable: true }]),
    )
    for (const pod of podInfos()) {
      const plan = policy.postFilter(freshState(), pod, snapshot(), rejections)
      assert.is(plan, undefined, `${describe(policy, pod)}: it would evict Pods in vain`)
    }
  },
}
