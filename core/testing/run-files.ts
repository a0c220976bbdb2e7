import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

export interface TestFile {
  /** Relative to the repository, with `/`. */
  readonly path: string
  /** What of the machine it needs for itself: no other file with one of these names runs beside it. */
  readonly apart: readonly string[]
  /** Runs with nothing beside it. */
  readonly alone: boolean
  readonly timeoutMs: number
}

const defaultTimeoutMs = 120_000
const skippedFolders = new Set(['node_modules', 'dist', 'coverage', '.git'])

/** Every test file whose path contains one of `filters`, or all, by path. */
export async function findTests(root: string, filters: readonly string[]): Promise<TestFile[]> {
  const paths = (await walk(root)).map((path) => relative(root, path).split(sep).join('/')).sort()
  const wanted = paths.filter((path) => filters.length === 0 || filters.some((filter) => path.includes(clean(filter))))
  return Promise.all(wanted.map(async (path) => ({ path, ...declarations(await readFile(join(root, path), 'utf8')) })))
}

function clean(filter: string): string {
  return filter.replace(/^\.\//, '')
}

/** What a file says of itself in its first five lines. */
export function declarations(text: string): Omit<TestFile, 'path'> {
  const head = text.split('\n', 5)
  const seconds = said(head, /^\/\/ @timeout (\d+)$/)
  const serial = said(head, /^\/\/ @serial((?: [a-z]+)*)$/)
  const apart = serial?.split(' ').filter((name) => name !== '') ?? []
  return {
    apart,
    alone: serial !== undefined && apart.length === 0,
    timeoutMs: seconds === undefined ? defaultTimeoutMs : Number(seconds) * 1_000,
  }
}

function said(lines: readonly string[], pattern: RegExp): string | undefined {
  return lines.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined)
}

async function walk(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      if (!skippedFolders.has(entry.name)) found.push(...(await walk(join(folder, entry.name))))
    } else if (entry.name.endsWith('.test.ts')) found.push(join(folder, entry.name))
  }
  return found
}
