/** Directories in memory: what is in them never reaches a disk, and cannot be more than they were made for. */
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { release } from 'node:os'
import { dirname } from 'node:path'
import { type Pod, quantityToNumber } from '../../kinds/contract.js'
import type { VolumeRequest } from '../contract.js'
import { memorySource } from '../mounts.js'
import { runTool } from '../run-tool.js'

const mayMount = 21n

/**
 * Makes `directory` one. Idempotent: one that a former agent made is left as it is, and so is what holds files already, for a
 * container may have them. Whoever may not mount gets a directory like any other. Resolves with the reason where it is not in
 * memory.
 */
export async function makeMemoryDirectory(
  directory: string,
  mode: number,
  bytes: number | undefined,
): Promise<string | undefined> {
  await makeDirectory(directory, mode)
  if (await isMounted(directory)) return undefined
  if (!(await canMount())) return 'this process may not mount'
  if ((await readdir(directory)).length > 0) return 'there are files in the directory already'
  const size = bytes === undefined ? [] : [`size=${bytes}`]
  const options = [`mode=${mode.toString(8)}`, ...size, ...(hasNoSwap() ? ['noswap'] : [])]
  await runTool('mount', ['--no-canonicalize', '-t', 'tmpfs', '-o', options.join(','), memorySource, directory])
  return undefined
}

export async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true })
  // The mode given to mkdir would be cut by the process's mask. That new files are the directory's group's stays.
  await chmod(path, ((await stat(path)).mode & 0o7000) | mode)
}

/** It is on another file system than its parent. */
async function isMounted(directory: string): Promise<boolean> {
  const [own, parent] = await Promise.all([stat(directory), stat(dirname(directory))])
  return own.dev !== parent.dev
}

let capabilities: Promise<bigint> | undefined

/** Whether this process may mount at all. */
export async function canMount(): Promise<boolean> {
  capabilities ??= readFile('/proc/self/status', 'utf8').then(
    (text) => BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(text)?.[1] ?? '0'}`),
    () => 0n,
  )
  return ((await capabilities) >> mayMount) % 2n === 1n
}

/** Since 6.4 a tmpfs can be kept from the swap, which is on a disk. */
function hasNoSwap(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  return major > 6 || (major === 6 && minor >= 4)
}

/** No more than the Pod may use, nor than the node has for Pods. undefined: nothing limits it. */
export function memoryOf({ pod, volume, place }: VolumeRequest): number | undefined {
  const allocatable = place.node()?.status?.allocatable?.memory
  const { sizeLimit } = volume.emptyDir ?? {}
  const limits = [allocatable, sizeLimit].flatMap((quantity) => (quantity === undefined ? [] : [quantityToNumber(quantity)]))
  const least = Math.min(...limits.filter((limit) => limit > 0), memoryLimitOf(pod) ?? Number.POSITIVE_INFINITY)
  return Number.isFinite(least) ? Math.ceil(least) : undefined
}

/** Only where every container has a limit does the Pod have one. */
function memoryLimitOf({ spec }: Pod): number | undefined {
  const limitsOf = (containers: typeof spec.containers): number[] =>
    containers.map(({ resources }) => quantityToNumber(resources?.limits?.memory ?? '0'))
  const init = spec.initContainers ?? []
  const beside = limitsOf([...spec.containers, ...init.filter(({ restartPolicy }) => restartPolicy === 'Always')])
  const before = limitsOf(init.filter(({ restartPolicy }) => restartPolicy !== 'Always'))
  if ([...beside, ...before].some((limit) => limit === 0)) return undefined
  return Math.max(
    beside.reduce((sum, limit) => sum + limit, 0),
    ...before,
  )
}
