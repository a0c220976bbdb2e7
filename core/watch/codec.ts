import {
  escapeAsGo,
  fieldSetText,
  fieldsOf,
  formatJson,
  type KubeObject,
  type ManagedFields,
  parseJson,
} from '../kinds/contract.js'
import type { Entry } from '../store/contract.js'
import type { Codec } from './contract.js'
import { freezeTree } from './freeze.js'
import { StoredItem } from './item.js'

export const codec: Codec = {
  encode(object, escapes) {
    const { apiVersion, kind, metadata, ...rest } = object
    const { resourceVersion: _left, managedFields, ...stored } = metadata
    const plain = textOf({ apiVersion, kind }, { metadata: stored }, rest, managedFields)
    const text = escapes === 'go' ? escapeAsGo(plain) : plain
    // They come frozen from those who keep them, and are the greater part of many objects.
    if (managedFields && !Object.isFrozen(managedFields)) freezeTree(managedFields)
    const isPure = freezeTree(stored) && freezeTree(rest)
    Object.freeze(object.metadata)
    Object.freeze(object)
    if (!isPure) return { value: bytesOf(text), memo: decoded(text) }
    const memo: KubeObject = { apiVersion, kind, metadata: managedFields ? { ...stored, managedFields } : stored, ...rest }
    Object.freeze(memo.metadata)
    return { value: bytesOf(text), memo: Object.freeze(memo) }
  },
  open: (entry: Entry) => new StoredItem(entry.key, entry.revision, entry.created, entry.value, 0, entry.memo as KubeObject),
}

/** JSON of all parts in one object; the managers come last in metadata, with the texts of their sets that are known. */
function textOf(type: object, metadata: object, rest: object, managers: ManagedFields | undefined): string {
  if (managers === undefined) return formatJson({ ...type, ...metadata, ...rest })
  const head = JSON.stringify({ ...type, ...metadata }).slice(0, -2)
  const tail = formatJson(rest).slice(1)
  const comma = head.endsWith('{') ? '' : ','
  return `${head}${comma}"managedFields":[${managers.map(managerText).join(',')}]}${tail === '}' ? '' : ','}${tail}`
}

/** By hand: a copy of each entry without its set would cost more than the texts of its few strings. */
function managerText(entry: ManagedFields[number]): string {
  const { manager, operation, apiVersion, time, fieldsType, subresource } = entry
  let text = ''
  if (manager !== undefined) text += `"manager":${JSON.stringify(manager)},`
  if (operation !== undefined) text += `"operation":${JSON.stringify(operation)},`
  if (apiVersion !== undefined) text += `"apiVersion":${JSON.stringify(apiVersion)},`
  if (time !== undefined) text += `"time":${JSON.stringify(time)},`
  if (fieldsType !== undefined) text += `"fieldsType":${JSON.stringify(fieldsType)},`
  if (subresource !== undefined) text += `"subresource":${JSON.stringify(subresource)},`
  return `{${text}"fieldsV1":${fieldSetText(fieldsOf(entry))}}`
}

// Not from Node's pool: the store and the cache keep these for long, and a slice of the pool would keep its neighbours.
function bytesOf(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  bytes.write(text)
  return bytes
}

function decoded(text: string): KubeObject {
  const object = parseJson(text) as KubeObject
  freezeTree(object)
  return object
}
