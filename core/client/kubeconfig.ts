import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { parse } from 'yaml'
import { DavitError } from '../kernel/contract.js'

/** Where an API server is and how to prove who one is. Certificates and keys are PEM. */
export interface Connection {
  /** "https://127.0.0.1:6443" */
  readonly server: string
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
  readonly token?: string
  /** Does not check the server's certificate. */
  readonly insecure?: boolean
  /** Of the context; 'default' where it says none. */
  readonly namespace: string
}

const text = Type.Optional(Type.String())
const cluster = Type.Object({
  server: Type.String(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': Type.Optional(Type.Boolean()),
})
const user = Type.Object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  exec: Type.Optional(Type.Unknown()),
})
const schema = Type.Object({
  'current-context': text,
  clusters: Type.Array(Type.Object({ name: Type.String(), cluster })),
  contexts: Type.Array(
    Type.Object({ name: Type.String(), context: Type.Object({ cluster: Type.String(), user: Type.String(), namespace: text }) }),
  ),
  users: Type.Array(Type.Object({ name: Type.String(), user })),
})
type Kubeconfig = Static<typeof schema>

/** Reads a kubeconfig file; `context` defaults to the current one. */
export async function readKubeconfig(file: string, context?: string): Promise<Connection> {
  const content = await readFile(file, 'utf8').catch((error) => {
    throw broken(file, `it cannot be read: ${(error as Error).message}`)
  })
  return parseKubeconfig(content, file, context)
}

/** `file` names the source in errors; paths in the content are relative to it. */
export async function parseKubeconfig(content: string, file: string, context?: string): Promise<Connection> {
  const config = decoded(content, file)
  const name = context ?? config['current-context'] ?? ''
  const chosen = config.contexts.find((each) => each.name === name)?.context
  if (chosen === undefined) throw broken(file, name === '' ? 'it has no current-context' : `it has no context "${name}"`)
  const at = config.clusters.find((each) => each.name === chosen.cluster)?.cluster
  if (at === undefined) throw broken(file, `it has no cluster "${chosen.cluster}"`)
  const who = config.users.find((each) => each.name === chosen.user)?.user
  if (who === undefined) throw broken(file, `it has no user "${chosen.user}"`)
  if (who.exec !== undefined)
    throw broken(file, `user "${chosen.user}" gets its credentials from a program, which is not supported`)
  const read = (data: string | undefined, path: string | undefined) => contentOf(file, data, path)
  const ca = await read(at['certificate-authority-data'], at['certificate-authority'])
  const certificate = await read(who['client-certificate-data'], who['client-certificate'])
  const key = await read(who['client-key-data'], who['client-key'])
  const token = who.token ?? (await read(undefined, who.tokenFile))?.trim()
  return {
    server: at.server.replace(/\/+$/, ''),
    namespace: chosen.namespace ?? 'default',
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
    ...(at['insecure-skip-tls-verify'] ? { insecure: true } : {}),
  }
}

function decoded(content: string, file: string): Kubeconfig {
  let tree: unknown
  try {
    tree = parse(content)
  } catch (error) {
    throw broken(file, (error as Error).message)
  }
  const [problem] = Value.Errors(schema, tree)
  if (problem !== undefined) throw broken(file, `${problem.path || '/'}: ${problem.message}`)
  return tree as Kubeconfig
}

async function contentOf(file: string, data: string | undefined, path: string | undefined): Promise<string | undefined> {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString()
  if (path === undefined || path === '') return undefined
  const full = resolve(dirname(file), path)
  return readFile(full, 'utf8').catch((error) => {
    throw broken(file, `${full} cannot be read: ${(error as Error).message}`)
  })
}

function broken(file: string, reason: string): DavitError {
  return new DavitError('DAVIT_KUBECONFIG', `The kubeconfig ${file} cannot be used: ${reason}`)
}
