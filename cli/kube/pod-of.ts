import { CliError } from '../output/cli-error.js'
import type { Connection } from './connection.js'
import { discover, resolveNames, resourcePath } from './resources.js'

interface Workload {
  spec?: { selector?: { matchLabels?: Record<string, string> } & Record<string, unknown> }
}

/** The Pod that "NAME", "pod/NAME" or "deployment/NAME" means; of a workload the first that runs. */
export async function podOf(connection: Connection, namespace: string, words: string): Promise<string> {
  const [type, name] = words.includes('/') ? words.split('/') : ['pods', words]
  if (!type || !name) throw new CliError(`"${words}" is not NAME or TYPE/NAME`)
  const [resource] = resolveNames(await discover(connection), type)
  if (!resource || resource.name === 'pods') return name
  const workload = await connection.json<Workload>('GET', resourcePath(resource, namespace, name))
  const labels = workload.spec?.selector?.matchLabels ?? (workload.spec?.selector as Record<string, string> | undefined)
  if (!labels) throw new CliError(`${words} selects no Pods`)
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector.join(','))}`
  const { items } = await connection.json<{ items: { metadata: { name: string }; status?: { phase?: string } }[] }>('GET', path)
  const pod = items.find((item) => item.status?.phase === 'Running') ?? items[0]
  if (!pod) throw new CliError(`${words} has no Pods in namespace ${namespace}`)
  return pod.metadata.name
}
