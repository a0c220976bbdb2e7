import { builtins } from '../builtins.js'
import { clusterSchema } from './schema.js'

interface Described {
  readonly description?: string
  readonly default?: unknown
  /** Where the default depends on something that the description tells. */
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Described>>
}

/** The configuration file with everything in it that could be set, as comments where it has the default. */
export async function describeConfig(): Promise<string> {
  const { dataDirectory, network } = (clusterSchema as Described).properties ?? {}
  const lines = [
    'apiVersion: davit.dev/v1',
    'kind: ClusterConfig',
    `# ${dataDirectory?.description} Default: $DAVIT_DATA_DIR, else /var/lib/davit (root) or ~/.davit.`,
    '# dataDirectory: /var/lib/davit',
    '# network:',
    ...keys(network, '#   '),
    'store:',
    '  id: store-level',
    'nodes:',
    '  # The first rule that matches the name of a node decides. auto: the best that the machine has.',
    '  - match: { name: "*" }',
    '    runtime: { id: auto }',
    '    proxy: { id: auto }',
    'plugins:',
    '  # Built-ins that every cluster has; `enabled: false` takes one out. Those in comments are there when picked. Others',
    '  # are added by path (./my-policy.ts) or by the name of a package.',
  ]
  for (const [id, builtin] of Object.entries(builtins)) {
    const { config } = await builtin.load()
    lines.push(`  ${builtin.always ? '' : '# '}- id: ${id}`)
    const described = keys(config?.schema as Described | undefined, '    #   ')
    if (described.length > 0) lines.push('    # config:', ...described)
  }
  return lines.join('\n')
}

function keys(schema: Described | undefined, indent: string): string[] {
  return Object.entries(schema?.properties ?? {}).flatMap(([key, { description, examples, default: value = examples?.[0] }]) => [
    ...(description ? [`${indent}# ${description}`] : []),
    value === undefined ? `${indent}${key}: # no default` : `${indent}${key}: ${JSON.stringify(value)}`,
  ])
}
