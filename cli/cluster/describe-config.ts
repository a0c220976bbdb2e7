import { builtins } from '../builtins.js'

interface Described {
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Described>>
  readonly type?: string
}

/** The configuration file with everything in it that could be set, as comments where it has the default. */
export async function describeConfig(): Promise<string> {
  const lines = [
    'apiVersion: davit.dev/v1',
    'kind: ClusterConfig',
    'store:',
    '  id: store-level',
    'nodes:',
    '  # The first rule that matches the name of a node decides. auto: the best that the machine has.',
    '  - match: { name: "*" }',
    '    runtime: { id: auto }',
    '    proxy: { id: auto }',
    'plugins:',
  ]
  for (const [id, builtin] of Object.entries(builtins)) {
    const { config } = await builtin.load()
    const properties = (config?.schema as Described | undefined)?.properties ?? {}
    lines.push(`  ${builtin.always ? '' : '# '}- id: ${id}`)
    if (Object.keys(properties).length === 0) continue
    lines.push('    # config:')
    for (const [key, described] of Object.entries(properties)) {
      if (described.description) lines.push(`    #   # ${described.description}`)
      lines.push(`    #   ${key}: ${JSON.stringify(described.default ?? null)}`)
    }
  }
  return lines.join('\n')
}
