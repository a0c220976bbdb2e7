/**
 * Freezes a tree of JSON values in place. False where something in it is not what JSON could say (`undefined` is the
 * common one): such a tree is not what its own bytes decode to.
 */
export function freezeTree(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value !== undefined && typeof value !== 'function'
  let pure = true
  if (Array.isArray(value)) {
    for (const element of value) if (!freezeTree(element)) pure = false
  } else {
    const record = value as Record<string, unknown>
    for (const field in record) if (!freezeTree(record[field])) pure = false
  }
  Object.freeze(value)
  return pure
}
