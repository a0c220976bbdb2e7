import type { ScorePolicy } from '@davit/core/scheduler'

/** 100 when cpu and memory would be used to the same share, less the further apart: no node left with one and not the other. */
export function balancedAllocation(weight: number): ScorePolicy {
  return {
    name: 'balanced-allocation',
    weight,
    score(_state, { requests }, { requested, allocatable }) {
      const cpu = share(requested.milliCpu + requests.milliCpu, allocatable.milliCpu)
      const memory = share(requested.memory + requests.memory, allocatable.memory)
      return 100 - 50 * Math.abs(cpu - memory)
    },
  }
}

function share(used: number, capacity: number): number {
  return used < capacity ? used / capacity : 1
}
