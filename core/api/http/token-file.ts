/** Static bearer tokens: a CSV file with `token,user,uid,"group1,group2"` on each line, as kube-apiserver reads it. */
import { hash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { DavitError } from '../../kernel/contract.js'
import type { Authenticator, UserInfo } from '../contract.js'
import { fileProblem } from './file-problem.js'

interface StaticTokens {
  find(token: string): UserInfo | undefined
}

/** An authenticator for the tokens of the file. */
export async function tokenFileAuthenticator(path: string): Promise<Authenticator> {
  const tokens = await readTokenFile(path)
  return { name: 'token-file', authenticate: ({ token }) => (token === undefined ? undefined : tokens.find(token)) }
}

async function readTokenFile(path: string): Promise<StaticTokens> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new DavitError('DAVIT_API_TOKEN_FILE', `cannot read ${path}: ${fileProblem(error)}`, { cause: error })
  }
  return parseTokens(text, path)
}

/** `source` is for messages. */
export function parseTokens(text: string, source: string): StaticTokens {
  const users = new Map<string, { readonly digest: Buffer; readonly user: UserInfo }>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [token, name, uid, groups] = csvFields(line)
    if (!token || !name || uid === undefined) {
      throw new DavitError('DAVIT_API_TOKEN_FILE', `${source}:${index + 1}: token, user and uid are required`)
    }
    const user: UserInfo = { name, ...(uid ? { uid } : {}), groups: groups ? groups.split(',').map((group) => group.trim()) : [] }
    const digest = digestOf(token)
    users.set(digest.toString('latin1'), { digest, user })
  }
  return {
    // Only digests are compared, so the time of the look-up tells nothing about a token.
    find(token) {
      const digest = digestOf(token)
      const found = users.get(digest.toString('latin1'))
      return found && timingSafeEqual(found.digest, digest) ? found.user : undefined
    },
  }
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}

function csvFields(line: string): string[] {
  const fields: string[] = []
  const pattern = /\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(,|$)/y
  for (let match = pattern.exec(line); match; match = pattern.exec(line)) {
    fields.push(match[1]?.replaceAll('""', '"') ?? (match[2] ?? '').trim())
    if (match[3] === '') break
  }
  return fields
}
