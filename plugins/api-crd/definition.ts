/** What the parts of this plugin ask of a CustomResourceDefinition, and how one with another status is made. */
import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '@davit/core/kinds'

export type Definition = CustomResourceDefinition
export type Condition = CustomResourceDefinitionCondition

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

export function conditionOf(definition: Definition, type: string): Condition | undefined {
  return definition.status?.conditions?.find((condition) => condition.type === type)
}
export const isEstablished = (definition: Definition): boolean => conditionOf(definition, 'Established')?.status === 'True'
export const isGoing = (definition: Definition): boolean => definition.metadata.deletionTimestamp !== undefined
export const isHeld = (definition: Definition): boolean => definition.metadata.finalizers?.includes(cleanupFinalizer) ?? false

/** The conditions with these in their places. The time changes with the status alone. `now` in milliseconds since 1970. */
export function withConditions(definition: Definition, conditions: readonly Condition[], now: number): readonly Condition[] {
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`
  const present = definition.status?.conditions ?? []
  const stamped = conditions.map((condition): Condition => {
    const old = present.find(({ type }) => type === condition.type)
    const since = old?.status === condition.status ? old.lastTransitionTime : undefined
    return { ...condition, lastTransitionTime: since ?? time }
  })
  const added = stamped.filter(({ type }) => !present.some((old) => old.type === type))
  return [...present.map((old) => stamped.find(({ type }) => type === old.type) ?? old), ...added]
}
