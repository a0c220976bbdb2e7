import { totalmem } from 'node:os'
import type { ContainerResources } from '@davit/core/node'
import type { Sent } from './messages.js'

const cpuPeriod = 100_000
/** What the kernel accepts as the smallest slice of a period. */
const smallestQuota = 1_000
/** 0 means "as it was" in an update; no machine has as much as this. */
const allMemory = 2 ** 50

type Limits = Sent<'LinuxContainerResources'>

/** `unified`: the machine has control groups of version 2, where a limit of processes can be passed on. */
export function limitsOf(resources: ContainerResources, unified: boolean): Limits {
  const { cpuShares, cpuLimitMillis, memoryLimit, pidsLimit } = resources
  return {
    cpuShares: cpuShares ?? 2,
    oomScoreAdj: oomScore(resources),
    ...(cpuLimitMillis === undefined ? {} : { cpuPeriod, cpuQuota: quotaOf(cpuLimitMillis) }),
    ...(memoryLimit === undefined ? {} : { memoryLimitInBytes: memoryLimit }),
    ...(pidsLimit === undefined || !unified ? {} : { unified: { 'pids.max': String(pidsLimit) } }),
  }
}

/** For a running container, where what is left out would stay as it was. */
export function limitsUpdate(resources: ContainerResources, unified: boolean): Limits {
  const { pidsLimit } = resources
  return {
    cpuPeriod,
    cpuQuota: -1,
    memoryLimitInBytes: allMemory,
    ...limitsOf(resources, unified),
    ...(unified ? { unified: { 'pids.max': pidsLimit === undefined ? 'max' : String(pidsLimit) } } : {}),
  }
}

function quotaOf(millis: number): number {
  return Math.max(smallestQuota, Math.round((millis * cpuPeriod) / 1000))
}

/**
 * Whom the kernel ends first when the machine runs out of memory: those that asked for nothing, then those that asked
 * for little. Never negative, which would take a privilege that the runtime itself may lack.
 */
export function oomScore(resources: ContainerResources, machineMemory: number = totalmem()): number {
  const { cpuShares, cpuLimitMillis, memoryLimit, memoryRequest } = resources
  const asked = memoryRequest ?? memoryLimit
  if (asked === undefined && cpuShares === undefined && cpuLimitMillis === undefined) return 1000
  if (memoryLimit !== undefined && asked === memoryLimit && cpuLimitMillis !== undefined) return 0
  return Math.min(999, Math.max(2, 1000 - Math.floor((1000 * (asked ?? 0)) / machineMemory)))
}
