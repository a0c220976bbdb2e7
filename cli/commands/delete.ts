import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { KubeCommand, kubeconfigFlag, namespaceFlag } from '../kube/command.js'
import { type Connection, statusError } from '../kube/connection.js'
import { readManifests } from '../kube/manifests.js'
import { discover, resolveNames, resourceOf, resourcePath, typeAndNames } from '../kube/resources.js'
import { CliError } from '../output/cli-error.js'

export default class Delete extends KubeCommand {
  static override description =
    'Deletes objects by name, by selector or by the files that made them, and waits until they are gone.'
  static override strict = false
  static override examples = [
    '<%= config.bin %> delete pod web-1',
    '<%= config.bin %> delete -f web.yaml',
    '<%= config.bin %> delete pods -l app=web',
  ]
  static override args = { type: Args.string({ description: 'kind, or TYPE/NAME' }), name: Args.string({ description: 'name' }) }
  static override flags = {
    kubeconfig: kubeconfigFlag,
    namespace: namespaceFlag,
    filename: Flags.string({ char: 'f', description: 'file, folder, or - for standard input', multiple: true }),
    selector: Flags.string({ char: 'l', description: 'label selector' }),
    'grace-period': Flags.integer({ description: 'seconds that Pods get to end; 0 ends them at once', min: 0 }),
    'ignore-not-found': Flags.boolean({ description: 'what is not there is no failure' }),
    wait: Flags.boolean({ description: 'wait until they are gone', default: true, allowNo: true }),
  }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Delete)
    const { connection, namespace } = await this.connect(flags)
    const targets = await this.#targets(connection, argv as string[], flags, namespace)
    const grace = flags['grace-period']
    const body = { propagationPolicy: 'Background', ...(grace !== undefined && { gracePeriodSeconds: grace }) }
    if (targets.length === 0) process.stderr.write('No resources found.\n')
    const missing: string[] = []
    for (const { label, path } of targets) {
      const reply = await connection.raw('DELETE', path, { body })
      if (reply.code === 404) missing.push(label)
      else if (reply.code >= 300) throw statusError(reply.code, reply.body)
      else this.log(`${label} deleted`)
    }
    if (flags.wait) for (const { path } of targets) await untilGone(connection, path)
    if (missing.length === 0 || flags['ignore-not-found']) return
    throw new CliError(`not found: ${missing.join(', ')}`, { hint: 'with --ignore-not-found this is no failure' })
  }

  async #targets(
    connection: Connection,
    words: string[],
    flags: { filename?: string[] | undefined; selector?: string | undefined },
    namespace: string,
  ): Promise<{ label: string; path: string }[]> {
    const resources = await discover(connection)
    if (flags.filename) {
      return (await readManifests(flags.filename)).map(({ apiVersion, kind, metadata }) => {
        const resource = resourceOf(resources, apiVersion, kind)
        const path = resourcePath(resource, metadata.namespace ?? namespace, metadata.name)
        return { label: `${resource.singularName} "${metadata.name}"`, path }
      })
    }
    const found: { label: string; path: string }[] = []
    for (const { type, names } of typeAndNames(words)) {
      for (const resource of resolveNames(resources, type)) {
        let chosen = names
        if (flags.selector !== undefined) {
          const query = `?labelSelector=${encodeURIComponent(flags.selector)}`
          const list = await connection.json<{ items: { metadata: { name: string } }[] }>(
            'GET',
            resourcePath(resource, namespace) + query,
          )
          chosen = list.items.map((item) => item.metadata.name)
        }
        if (chosen.length === 0 && flags.selector === undefined) throw new CliError('say which: a name, or a selector with -l')
        found.push(
          ...chosen.map((name) => ({
            label: `${resource.singularName} "${name}"`,
            path: resourcePath(resource, namespace, name),
          })),
        )
      }
    }
    return found
  }
}

/** Watches rather than asks again: the end is seen when it happens. */
async function untilGone(connection: Connection, path: string): Promise<void> {
  const reply = await connection.raw('GET', path)
  if (reply.code === 404) return
  const { metadata } = JSON.parse(reply.body.toString()) as { metadata: { uid: string; resourceVersion: string; name: string } }
  const collection = path.slice(0, path.lastIndexOf('/'))
  const query = `?watch=1&resourceVersion=${metadata.resourceVersion}&fieldSelector=${encodeURIComponent(`metadata.name=${metadata.name}`)}`
  let rest = ''
  for await (const chunk of connection.stream(collection + query, 'application/json')) {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const event = JSON.parse(line) as { type: string; object: { metadata: { uid: string } } }
      if (event.type === 'DELETED' && event.object.metadata.uid === metadata.uid) return
    }
  }
}
