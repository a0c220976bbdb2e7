import * as Args from '@oclif/core/args'
import { KubeCommand, kubeconfigFlag, namespaceFlag } from '../kube/command.js'
import type { Connection } from '../kube/connection.js'
import { type Described, readable } from '../kube/readable.js'
import { discover, resolveNames, resourcePath, typeAndNames } from '../kube/resources.js'
import { CliError } from '../output/cli-error.js'
import { columns, structured } from '../output/columns.js'

interface EventObject {
  type?: string
  reason?: string
  message?: string
  count?: number
  lastTimestamp?: string
  source?: { component?: string }
}
export default class Describe extends KubeCommand {
  static override description = 'Shows an object, without what is for programs alone, and what happened to it.'
  static override strict = false
  static override examples = ['<%= config.bin %> describe pod web-1']
  static override args = {
    type: Args.string({ description: 'kind, or TYPE/NAME', required: true }),
    name: Args.string({ description: 'name' }),
  }
  static override flags = { kubeconfig: kubeconfigFlag, namespace: namespaceFlag }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Describe)
    const { connection, namespace } = await this.connect(flags)
    const resources = await discover(connection)
    for (const { type, names } of typeAndNames(argv as string[])) {
      if (names.length === 0) throw new CliError(`say which ${type}`)
      for (const resource of resolveNames(resources, type)) {
        for (const name of names) {
          const object = await connection.json<Described>('GET', resourcePath(resource, namespace, name))
          this.log(await structured(readable(object), 'yaml'))
          this.log(await events(connection, object, resource.namespaced ? namespace : 'default'))
        }
      }
    }
  }
}

async function events(connection: Connection, object: Described, namespace: string): Promise<string> {
  const selector = encodeURIComponent(`involvedObject.uid=${object.metadata.uid}`)
  const { items } = await connection.json<{ items: EventObject[] }>(
    'GET',
    `/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`,
  )
  if (items.length === 0) return 'Events: none'
  const rows = items
    .sort((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? ''))
    .map((event) => [
      event.type ?? '',
      event.reason ?? '',
      event.lastTimestamp ?? '',
      String(event.count ?? 1),
      event.source?.component ?? '',
      event.message ?? '',
    ])
  return `Events:\n${columns(['TYPE', 'REASON', 'LAST SEEN', 'COUNT', 'FROM', 'MESSAGE'], rows)}`
}
