import type { KubeObject } from '../kinds/contract.js'
import type { Change, SharedEvent } from './change.js'
import type { Scope } from './contract.js'
import type { StoredItem } from './item.js'

/** Two scopes with the same text see the same events. */
export function scopeText(scope: Scope): string {
  return `${scope.namespace ?? '*'}\n${scope.labels?.text ?? ''}\n${scope.fields?.text ?? ''}`
}

export function selects(scope: Scope): boolean {
  return (scope.labels !== undefined && !scope.labels.everything) || (scope.fields !== undefined && !scope.fields.everything)
}

/** Whether `item` belongs to the scope; looks into the object only where name and namespace leave it open. */
export function matchesItem(scope: Scope, item: StoredItem): boolean {
  if (scope.namespace !== undefined && item.namespace !== scope.namespace) return false
  if (scope.fields?.name !== undefined && item.name !== scope.fields.name) return false
  return !selects(scope) || matchesObject(scope, item.object)
}

function matchesObject(scope: Scope, object: KubeObject): boolean {
  if (scope.fields !== undefined && !scope.fields.matches(object)) return false
  return scope.labels === undefined || scope.labels.matches(object.metadata.labels)
}

/** What watchers of `scope` see of `changes`: entering it is ADDED, leaving it DELETED. */
export function eventsFor(scope: Scope, changes: readonly Change[]): SharedEvent[] {
  const selective = selects(scope)
  const events: SharedEvent[] = []
  for (const change of changes) {
    if (scope.namespace !== undefined && change.item.namespace !== scope.namespace) continue
    if (scope.fields?.name !== undefined && change.item.name !== scope.fields.name) continue
    const type = selective ? seenAs(scope, change) : change.type
    if (type !== undefined) events.push(change.event(type))
  }
  return events
}

function seenAs(scope: Scope, change: Change): Change['type'] | undefined {
  if (change.type === 'ADDED') return matchesObject(scope, change.object) ? 'ADDED' : undefined
  // A deletion carries the last state, so its own object is the one to ask.
  if (change.type === 'DELETED') return matchesObject(scope, change.object) ? 'DELETED' : undefined
  const now = matchesObject(scope, change.object)
  const then = change.before === undefined || matchesObject(scope, change.before)
  if (now) return then ? 'MODIFIED' : 'ADDED'
  return then ? 'DELETED' : undefined
}
