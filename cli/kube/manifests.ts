import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { CliError, fileProblem } from '../output/cli-error.js'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { name?: string; generateName?: string; namespace?: string; annotations?: Record<string, string> }
  readonly [field: string]: unknown
}
const origins = new WeakMap<Manifest, string>()

/** Where an object was read, for a person; undefined for one that was not. */
export function originOf(manifest: Manifest): string | undefined {
  return origins.get(manifest)
}

const endings = ['.yaml', '.yml', '.json']

/** All objects of files, of folders (not deeper) or of standard input ("-"), lists taken apart, in order. */
export async function readManifests(sources: readonly string[]): Promise<readonly Manifest[]> {
  const texts: { name: string; text: string }[] = []
  for (const source of sources) texts.push(...(await readSource(source)))
  const objects: Manifest[] = []
  for (const { name, text } of texts) objects.push(...(await parseManifests(text, name)))
  if (objects.length === 0) throw new CliError(`no objects in ${sources.join(', ')}`)
  return objects
}

async function readSource(source: string): Promise<{ name: string; text: string }[]> {
  if (source === '-') {
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
    return [{ name: 'standard input', text: Buffer.concat(chunks).toString() }]
  }
  try {
    if (!(await stat(source)).isDirectory()) return [{ name: source, text: await readFile(source, 'utf8') }]
    const files = (await readdir(source)).filter((file) => endings.includes(path.extname(file))).sort()
    return Promise.all(
      files.map(async (file) => ({ name: path.join(source, file), text: await readFile(path.join(source, file), 'utf8') })),
    )
  } catch (error) {
    throw new CliError(`cannot read ${source}: ${fileProblem(error)}`)
  }
}

/** YAML as Kubernetes reads it: version 1.1, so that `yes` is a boolean and 0644 is octal. */
export async function parseManifests(text: string, name: string): Promise<readonly Manifest[]> {
  const { LineCounter, parseAllDocuments } = await import('yaml')
  const lineCounter = new LineCounter()
  const documents = parseAllDocuments(text, {
    lineCounter,
    version: '1.1',
    schema: 'yaml-1.1',
    merge: true,
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === 'string' || (tag.tag !== 'tag:yaml.org,2002:timestamp' && tag.format !== 'TIME')),
  })
  const objects: Manifest[] = []
  for (const document of Array.isArray(documents) ? documents : []) {
    const problem = document.errors[0]
    if (problem) throw new CliError(`${name}: ${problem.message}`)
    const value: unknown = document.toJS()
    if (value === null) continue
    const { line } = lineCounter.linePos(document.contents?.range?.[0] ?? 0)
    objects.push(...unpack(value, `${name}, the object at line ${line}`))
  }
  return objects
}

/** Lists are taken apart, also lists in lists. */
function unpack(value: unknown, where: string): readonly Manifest[] {
  const { apiVersion, kind, metadata, items } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Manifest> &
    Items
  const say = (problem: string) => new CliError(`${where} ${problem}`, { hint: 'each document must be a Kubernetes object' })
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw say('has no apiVersion or no kind')
  if (kind.endsWith('List') && Array.isArray(items)) return items.flatMap((item) => unpack(item, `${where}, in a list,`))
  if (typeof metadata !== 'object' || metadata === null) throw say(`is a ${kind} without metadata`)
  origins.set(value as Manifest, where)
  return [value as Manifest]
}
interface Items {
  readonly items?: unknown
}
