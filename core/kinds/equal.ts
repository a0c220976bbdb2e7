/** Equality of JSON trees: the order of keys does not matter, and an undefined field is no field. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((element, index) => equalJson(element, b[index]))
  }
  return !Array.isArray(b) && equalFields(a as Record<string, unknown>, b as Record<string, unknown>)
}

function equalFields(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  for (const key in a) if (!equalJson(a[key], Object.hasOwn(b, key) ? b[key] : undefined)) return false
  for (const key in b) if (b[key] !== undefined && !Object.hasOwn(a, key)) return false
  return true
}

/** Kubernetes tells no empty list or map from an absent one where it compares specs. */
export function equalOrEmpty(a: unknown, b: unknown): boolean {
  return (isEmpty(a) && isEmpty(b)) || equalJson(a, b)
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** Whether two objects have the same fields, where one that is empty is none. */
export function equalParts(a: object, b: object): boolean {
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((name) => equalOrEmpty(left[name], right[name]))
}
