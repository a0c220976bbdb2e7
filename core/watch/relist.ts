import type { Entry, Revision } from '../store/contract.js'
import { Change } from './change.js'
import { codec } from './codec.js'
import type { StoredItem } from './item.js'
import type { Objects } from './objects.js'

/** Makes `objects` what `entries` say as of `revision`, and answers with what that changed, in order of revision. */
export function differences(objects: Objects, entries: readonly Entry[], revision: Revision): Change[] {
  const changes: Change[] = []
  const present = new Set(entries.map((entry) => entry.key))
  for (const item of objects.all()) {
    if (present.has(item.key)) continue
    objects.delete(item.key)
    changes.push(new Change('DELETED', item.at(revision), item))
  }
  for (const entry of entries) {
    const item = codec.open(entry) as StoredItem
    const known = objects.get(item.namespace, item.name)
    if (known?.revision === item.revision) continue
    objects.set(item)
    // Deleted and made anew meanwhile: two objects that share a name.
    const replaced = known !== undefined && known.created !== item.created
    if (replaced) changes.push(new Change('DELETED', known.at(item.created), known))
    changes.push(new Change(known === undefined || replaced ? 'ADDED' : 'MODIFIED', item, replaced ? undefined : known))
  }
  return changes.sort((a, b) => a.revision - b.revision)
}
