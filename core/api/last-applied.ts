/**
 * `kubectl apply` without a server keeps what it applied in an annotation. An object that lived so and is now applied by
 * the server takes its fields along, and the annotation stays true for those who go back.
 */
import {
  appliedFields,
  compareFields,
  decode,
  differenceOf,
  type FieldSet,
  type FieldWriter,
  fieldPaths,
  type KubeObject,
  parseJson,
  type ResourceKind,
  sortedJson,
  type WrittenPart,
} from '../kinds/contract.js'
import { isTree, type Tree } from './tree.js'

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
const annotationsLimit = 256 * 1024

/** Only kubectl itself goes over from the one way to the other; who does not want that takes another name. */
const isKubectl = ({ manager }: FieldWriter): boolean => manager === 'kubectl'

/** Says of a field, as conflicts show it, whether it is still as the client-side apply left it: then it is no conflict. */
export function isLeftByClient(
  kind: ResourceKind,
  writer: FieldWriter,
  current: KubeObject,
  written: WrittenPart,
): (field: string) => boolean {
  const left = isKubectl(writer) ? leftByClient(kind, current, written) : undefined
  if (!left) return () => false
  const paths = new Set(fieldPaths(left))
  return (field) => paths.has(field)
}

function leftByClient(kind: ResourceKind, current: KubeObject, written: WrittenPart): FieldSet | undefined {
  const config = parsed(current.metadata.annotations?.[annotation])
  if (!config || config.apiVersion !== kind.apiVersion) return undefined
  const { object, errors } = decode(kind, config, { unknownFields: 'drop' })
  if (errors.length > 0) return undefined
  const { changed, removed } = compareFields(kind.schema, object, current, written)
  return differenceOf(differenceOf(appliedFields(kind.schema, config, written), changed), removed)
}

function parsed(text: string | undefined): Tree | undefined {
  if (!text) return undefined
  try {
    const value: unknown = parseJson(text)
    return isTree(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Brings the annotation, where there is one, to what is applied now. Changes `object`. */
export function keepLastApplied(writer: FieldWriter, object: KubeObject, config: Tree): void {
  const { annotations } = object.metadata
  if (!isKubectl(writer) || !annotations?.[annotation]) return
  const others = { ...annotations }
  delete others[annotation]
  const text = `${sortedJson(withoutAnnotation(config))}\n`
  const size = Object.entries(others).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  const fits = size + annotation.length + Buffer.byteLength(text) <= annotationsLimit
  object.metadata.annotations = fits ? { ...others, [annotation]: text } : others
}

function withoutAnnotation(config: Tree): Tree {
  const { metadata } = config
  if (!isTree(metadata) || !isTree(metadata.annotations)) return config
  const { [annotation]: _applied, ...annotations } = metadata.annotations
  return { ...config, metadata: { ...metadata, annotations } }
}
