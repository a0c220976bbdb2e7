import { assert } from '../../testing/contract.js'
import type { QueuedPod, QueueSortPolicy } from '../contract.js'
import { podInfos } from './corpus.js'

function queued(): readonly QueuedPod[] {
  return podInfos().flatMap((info, index) => [
    { info, queuedAt: 1_704_067_200_000 + (index % 3), attempts: 0 },
    { info, queuedAt: 1_704_067_200_000, attempts: 2 },
  ])
}

/** A heap over anything else loses Pods or lets some starve. */
export const sortCases: Readonly<Record<string, (policy: QueueSortPolicy) => void>> = {
  'never puts a Pod before itself, nor two before each other': (policy) => {
    for (const a of queued()) {
      assert.is(policy.less(a, a), false, `${policy.name}: ${a.info.key} goes before itself`)
      for (const b of queued())
        assert.not(policy.less(a, b) && policy.less(b, a), `${policy.name}: ${a.info.key} and ${b.info.key} go before each other`)
    }
  },
  'is an order: what holds from first to second and second to third holds from first to third': (policy) => {
    const all = queued()
    const before = all.map((a) => all.map((b) => policy.less(a, b)))
    const equal = (a: number, b: number) => !before[a]?.[b] && !before[b]?.[a]
    for (let a = 0; a < all.length; a += 1)
      for (let b = 0; b < all.length; b += 1)
        for (let c = 0; c < all.length; c += 1) {
          if (before[a]?.[b] && before[b]?.[c]) assert.ok(before[a]?.[c], `${policy.name} runs in a circle`)
          if (equal(a, b) && equal(b, c)) assert.ok(equal(a, c), `${policy.name} has equals of equals that are not equal`)
        }
  },
}
