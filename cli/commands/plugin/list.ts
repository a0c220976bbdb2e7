import * as Flags from '@oclif/core/flags'
import { KubeCommand, kubeconfigFlag } from '../../kube/command.js'
import { columns, structured } from '../../output/columns.js'

interface Plugin {
  readonly id: string
  readonly version: string
  readonly stage: string
  readonly state: string
  readonly reason: string
  readonly setupMs: number
  readonly startMs: number
  readonly provides: readonly string[]
  readonly taps: readonly { readonly slot: string; readonly calls: number; readonly totalMs: number }[]
}

export default class PluginList extends KubeCommand {
  static override description =
    'Shows the plugins of the running cluster: state, why, how long each took to start, and what it provides.'
  static override flags = {
    kubeconfig: kubeconfigFlag,
    output: Flags.string({ char: 'o', description: 'form of the output', options: ['wide', 'json', 'yaml'] }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(PluginList)
    const { connection } = await this.connect(flags)
    const { order, plugins } = await connection.json<{ order: string[]; plugins: Plugin[] }>('GET', '/davit/v1/plugins')
    if (flags.output === 'json' || flags.output === 'yaml') {
      this.log(await structured({ order, plugins }, flags.output))
      return
    }
    const wide = flags.output === 'wide'
    const head = ['ID', 'VERSION', 'STAGE', 'STATE', 'SETUP MS', 'START MS', 'PROVIDES', ...(wide ? ['TAPS'] : []), 'REASON']
    const rows = plugins.map((plugin) => [
      plugin.id,
      plugin.version,
      plugin.stage,
      plugin.state,
      plugin.setupMs.toFixed(1),
      plugin.startMs.toFixed(1),
      plugin.provides.join(',') || '-',
      ...(wide
        ? [plugin.taps.map((tap) => `${tap.slot} (${tap.calls} calls, ${tap.totalMs.toFixed(1)} ms)`).join(', ') || '-']
        : []),
      plugin.reason || '-',
    ])
    this.log(columns(head, rows))
  }
}
