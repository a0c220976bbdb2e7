import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { CliError } from '../output/cli-error.js'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { name?: string; generateName?: string; namespace?: string; annotations?: Record<string, string> }
  readonly [field: string]: unknown
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
    throw new CliError(`cannot read ${source}: ${(error as NodeJS.ErrnoException).code ?? error}`)
  }
}

/** YAML as Kubernetes reads it: version 1.1, so that `yes` is a boolean and 0644 is octal. */
export async function parseManifests(text: string, name: string): Promise<readonly Manifest[]> {
  const { parseAllDocuments } = await import('yaml')
  const documents = parseAllDocuments(text, {
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
    const value = document.toJS() as (Manifest & { items?: Manifest[] }) | null
    if (value === null) continue
    if (typeof value !== 'object' || !value.apiVersion || !value.kind) {
      throw new CliError(`${name}: an object without apiVersion or kind`, { hint: 'each document must be a Kubernetes object' })
    }
    objects.push(...(value.kind === 'List' && value.items ? value.items : [value]))
  }
  return objects
}
