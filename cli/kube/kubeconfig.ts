import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { CliError } from '../output/cli-error.js'

/** What is needed to speak to a server: taken from a kubeconfig's current context. */
export interface Target {
  readonly server: URL
  readonly namespace: string
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly token?: string
  readonly insecure: boolean
}

interface NamedEntry {
  name: string
  [part: string]: unknown
}
interface Kubeconfig {
  'current-context'?: string
  clusters?: NamedEntry[]
  contexts?: NamedEntry[]
  users?: NamedEntry[]
}

export function defaultDataDirectory(): string {
  return process.env.DAVIT_DATA_DIR ?? (process.getuid?.() === 0 ? '/var/lib/davit' : path.join(homedir(), '.davit'))
}

/** `--kubeconfig`, else $KUBECONFIG (its first file), else the one of the default data directory. */
export function kubeconfigPath(flag: string | undefined): string {
  const environment = process.env.KUBECONFIG?.split(path.delimiter).find((file) => file !== '')
  return flag ?? environment ?? path.join(defaultDataDirectory(), 'kubeconfig')
}

export async function readTarget(flag: string | undefined): Promise<Target> {
  const file = kubeconfigPath(flag)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(`no kubeconfig at ${file} (${(error as NodeJS.ErrnoException).code ?? error})`, {
      hint: 'start a cluster with `davit up`, or say where its kubeconfig is with --kubeconfig FILE',
    })
  }
  const config = await decode(text, file)
  const context = pick(config?.contexts, config?.['current-context'], 'context', file)
  const cluster = pick(config?.clusters, context.cluster as string, 'cluster', file)
  const user = pick(config?.users, context.user as string, 'user', file)
  if (typeof cluster.server !== 'string' || !URL.canParse(cluster.server)) {
    throw new CliError(`${file}: the cluster "${context.cluster}" has no server that is a URL`)
  }
  const directory = path.dirname(file)
  const [ca, cert, key] = await Promise.all([
    material(cluster, 'certificate-authority', directory),
    material(user, 'client-certificate', directory),
    material(user, 'client-key', directory),
  ])
  return {
    server: new URL(cluster.server),
    namespace: typeof context.namespace === 'string' ? context.namespace : 'default',
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(typeof user.token === 'string' && { token: user.token }),
    insecure: cluster['insecure-skip-tls-verify'] === true,
  }
}

async function decode(text: string, file: string): Promise<Kubeconfig> {
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text)
  const problem = document.errors[0]
  if (problem) throw new CliError(`${file} is not a kubeconfig: ${problem.message}`)
  const config: unknown = document.toJS()
  if (typeof config !== 'object' || config === null) throw new CliError(`${file} is not a kubeconfig`)
  return config
}

function pick(entries: NamedEntry[] | undefined, name: string | undefined, what: string, file: string): Record<string, unknown> {
  const found = entries?.find((entry) => entry.name === name)?.[what]
  if (found === undefined || found === null) {
    throw new CliError(`${file}: no ${what} named "${name ?? ''}"`, { hint: 'set current-context to one of its contexts' })
  }
  return found as Record<string, unknown>
}

async function material(part: Record<string, unknown>, field: string, directory: string): Promise<Buffer | undefined> {
  const inline = part[`${field}-data`]
  if (typeof inline === 'string') return Buffer.from(inline, 'base64')
  const named = part[field]
  if (typeof named !== 'string') return undefined
  const file = path.resolve(directory, named)
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`cannot read ${file}, which the kubeconfig names as its ${field}: ${error.code}`)
  })
}
