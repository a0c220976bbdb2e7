import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { KubeCommand, kubeconfigFlag, namespaceFlag } from '../kube/command.js'
import type { Connection } from '../kube/connection.js'
import { type ApiResource, discover, resolveNames, resourcePath, typeAndNames } from '../kube/resources.js'
import { CliError } from '../output/cli-error.js'
import { columns, structured } from '../output/columns.js'

interface Table {
  columnDefinitions: { name: string; priority: number }[]
  rows: { cells: unknown[]; object?: { metadata?: { namespace?: string; name?: string } } }[]
}
interface Shown {
  wide: boolean
  withNamespace: boolean
  headless: boolean
}
const tableForm = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

export default class Get extends KubeCommand {
  static override description = 'Shows objects: one, or all of a kind.'
  static override strict = false
  static override examples = [
    '<%= config.bin %> get pods',
    '<%= config.bin %> get deployment/web -o yaml',
    '<%= config.bin %> get pods -A -l app=web',
  ]
  static override args = {
    type: Args.string({ description: 'kind, or TYPE/NAME', required: true }),
    name: Args.string({ description: 'name' }),
  }
  static override flags = {
    kubeconfig: kubeconfigFlag,
    namespace: namespaceFlag,
    output: Flags.string({ char: 'o', description: 'form of the output', options: ['wide', 'json', 'yaml', 'name'] }),
    selector: Flags.string({ char: 'l', description: 'label selector' }),
    'all-namespaces': Flags.boolean({ char: 'A', description: 'in all namespaces' }),
    'no-headers': Flags.boolean({ description: 'without the line of column names' }),
    'show-managed-fields': Flags.boolean({ description: 'with who owns which field, in json and yaml' }),
  }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Get)
    const { connection, namespace } = await this.connect(flags)
    const resources = await discover(connection)
    const query = flags.selector ? `?labelSelector=${encodeURIComponent(flags.selector)}` : ''
    const targets = typeAndNames(argv as string[]).flatMap(({ type, names }) =>
      resolveNames(resources, type).flatMap((resource) => {
        const scope = flags['all-namespaces'] ? undefined : namespace
        return names.length === 0
          ? [{ resource, path: resourcePath(resource, scope) + query }]
          : names.map((name) => ({ resource, path: resourcePath(resource, namespace, name) }))
      }),
    )
    const { output } = flags
    if (output === 'json' || output === 'yaml') {
      return this.#objects(connection, targets, output, flags['show-managed-fields'])
    }
    const shown = await this.#tables(connection, targets, {
      wide: output === 'wide',
      namesOnly: output === 'name',
      withNamespace: flags['all-namespaces'],
      headless: flags['no-headers'],
    })
    if (!shown) process.stderr.write(`No resources found${flags['all-namespaces'] ? '' : ` in ${namespace} namespace`}.\n`)
  }

  async #objects(
    connection: Connection,
    targets: readonly { path: string }[],
    form: 'json' | 'yaml',
    withManagers: boolean,
  ): Promise<void> {
    const found = await Promise.all(targets.map(({ path }) => connection.json<Record<string, unknown>>('GET', path)))
    const items = found.flatMap((object) => (Array.isArray(object.items) ? object.items : [object]))
    if (!withManagers) for (const { metadata } of items) delete metadata?.managedFields
    const single = found.length === 1 ? found[0] : undefined
    this.log(await structured(single ?? { apiVersion: 'v1', kind: 'List', items }, form))
  }

  async #tables(
    connection: Connection,
    targets: readonly { resource: ApiResource; path: string }[],
    show: Shown & { namesOnly: boolean },
  ): Promise<boolean> {
    let any = false
    for (const { resource, path } of targets) {
      const table = await connection.json<Table>('GET', path, { accept: tableForm })
      if (table.rows === undefined) throw new CliError(`the server gave no table for ${resource.name}`)
      if (table.rows.length === 0) continue
      if (any && !show.namesOnly) this.log('')
      any = true
      this.log(
        show.namesOnly ? namesOf(table, resource) : render(table, show, targets.length > 1 ? `${resource.singularName}/` : ''),
      )
    }
    return any
  }
}

function namesOf(table: Table, resource: ApiResource): string {
  const group = resource.groupVersion.includes('/') ? `.${resource.groupVersion.split('/')[0]}` : ''
  return table.rows.map((row) => `${resource.singularName}${group}/${row.object?.metadata?.name ?? row.cells[0]}`).join('\n')
}

function render(table: Table, show: Shown, prefix: string): string {
  const shown = table.columnDefinitions
    .map((column, index) => ({ column, index }))
    .filter(({ column }) => show.wide || column.priority === 0)
  const rows = table.rows.map((row) => {
    const cells = shown.map(({ index }) => (index === 0 ? prefix : '') + String(row.cells[index] ?? '<none>'))
    return show.withNamespace ? [row.object?.metadata?.namespace ?? '', ...cells] : cells
  })
  const names = shown.map(({ column }) => column.name.toUpperCase())
  const head = show.withNamespace ? ['NAMESPACE', ...names] : names
  return columns(show.headless ? undefined : head, rows)
}
