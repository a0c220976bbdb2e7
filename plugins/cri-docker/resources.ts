import { totalmem } from 'node:os'
import type { ContainerResources } from '@davit/core/node'

const cpuPeriod = 100_000
/** What the kernel accepts as the smallest slice of a period. */
const smallestQuota = 1_000
/** Docker's update cannot take a memory limit away (nor one of swap alone); no machine has as much as this. */
const allMemory = 2 ** 50

export interface Limits {
  readonly CpuShares: number
  readonly CpuPeriod?: number
  readonly CpuQuota?: number
  readonly Memory?: number
  readonly MemorySwap?: number
  readonly PidsLimit?: number
}

/** Quota and period rather than NanoCpus, which Docker refuses above the machine's own count of cores. */
export function limitsOf({ cpuShares, cpuLimitMillis, memoryLimit, pidsLimit }: ContainerResources): Limits {
  return {
    CpuShares: cpuShares ?? 2,
    ...(cpuLimitMillis === undefined ? {} : { CpuPeriod: cpuPeriod, CpuQuota: quotaOf(cpuLimitMillis) }),
    // As much swap as memory is no swap: the sum of both is limited.
    ...(memoryLimit === undefined ? {} : { Memory: memoryLimit, MemorySwap: memoryLimit }),
    ...(pidsLimit === undefined ? {} : { PidsLimit: pidsLimit }),
  }
}

/** For a running container, where what is left out would stay as it was. */
export function limitsUpdate(resources: ContainerResources): Required<Limits> {
  const memory = resources.memoryLimit ?? allMemory
  return {
    CpuPeriod: cpuPeriod,
    CpuQuota: -1,
    PidsLimit: -1,
    ...limitsOf(resources),
    Memory: memory,
    MemorySwap: memory,
  }
}

function quotaOf(millis: number): number {
  return Math.max(smallestQuota, Math.round((millis * cpuPeriod) / 1000))
}

/**
 * Whom the kernel ends first when the machine runs out of memory: those that asked for nothing, then those that asked
 * for little. Never negative, which would take a privilege that Docker itself may lack.
 */
export function oomScore(resources: ContainerResources, machineMemory: number = totalmem()): number {
  const { cpuShares, cpuLimitMillis, memoryLimit, memoryRequest } = resources
  const asked = memoryRequest ?? memoryLimit
  if (asked === undefined && cpuShares === undefined && cpuLimitMillis === undefined) return 1000
  if (memoryLimit !== undefined && asked === memoryLimit && cpuLimitMillis !== undefined) return 0
  return Math.min(999, Math.max(2, 1000 - Math.floor((1000 * (asked ?? 0)) / machineMemory)))
}
