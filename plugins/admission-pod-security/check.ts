/** What the checks of both levels are made of. Pure. */
import type { Container, ObjectMeta, PodSpec, SecurityContext } from '@davit/core/kinds'

export interface Subject {
  readonly metadata: Pick<ObjectMeta, 'annotations'>
  readonly spec: PodSpec
}
export interface Violation {
  readonly reason: string
  readonly detail: string
}
export interface Check {
  /** The first minor of Kubernetes 1 whose standard has it. */
  readonly since: number
  /** `minor`: of the standard's version; infinity for the latest. */
  find(subject: Subject, minor: number): Violation | undefined
}

/** Init containers first, as Kubernetes walks them; ephemeral ones last. */
export function containersOf({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec): readonly Container[] {
  return [...initContainers, ...containers, ...(ephemeralContainers as readonly Container[])]
}

/** Names of the containers whose security context is so. */
export function named(spec: PodSpec, is: (context: SecurityContext, container: Container) => boolean): string[] {
  return containersOf(spec)
    .filter((container) => is(container.securityContext ?? {}, container))
    .map(({ name }) => name)
}

export const quoted = (list: Iterable<string>): string => [...list].map((each) => JSON.stringify(each)).join(', ')
export const plural = (word: string, count: number): string => (count === 1 ? word : `${word}s`)
export const containerList = (names: readonly string[]): string => `${plural('container', names.length)} ${quoted(names)}`
export const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort()

/** "pod and container "a""; '' where nobody did it. */
export function setters(pod: boolean, containers: readonly string[], ...others: readonly string[]): string {
  return [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [containerList(containers)] : []), ...others].join(' and ')
}

export const isWindows = ({ os }: PodSpec): boolean => os?.name === 'windows'
