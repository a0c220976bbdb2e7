/** Where machines that join find the API, and by what they know it. */
import type { Connection } from '../kube/connection.js'
import { CliError } from '../output/cli-error.js'

const loopback = /^(?:127\.|\[::1\]$|localhost$)/

interface Endpoints {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[]
    readonly ports?: readonly { readonly port: number }[]
  }[]
}

/** What was said, else what the kubeconfig says, unless that is for this machine alone: then where Pods reach it. */
export async function serverUrl(connection: Connection, said: string | undefined): Promise<string> {
  if (said !== undefined) {
    if (!URL.canParse(said)) throw new CliError(`"${said}" is no URL`, { hint: 'for example --server https://10.0.0.1:6443' })
    return new URL(said).origin
  }
  const { server } = connection.target
  if (!loopback.test(server.hostname)) return server.origin
  const { subsets = [] } = await connection.json<Endpoints>('GET', '/api/v1/namespaces/default/endpoints/kubernetes')
  const [ip] = subsets.flatMap(({ addresses = [] }) => addresses.map((address) => address.ip))
  const [port] = subsets.flatMap(({ ports = [] }) => ports.map((each) => each.port))
  if (!ip || !port || loopback.test(ip)) return server.origin
  return `https://${ip.includes(':') ? `[${ip}]` : ip}:${port}`
}

export function isForThisMachine(url: string): boolean {
  return loopback.test(new URL(url).hostname)
}
