import * as Flags from '@oclif/core/flags'
import { DavitCommand } from '../output/command.js'
import { Connection } from './connection.js'
import { readTarget } from './kubeconfig.js'

export const kubeconfigFlag = Flags.string({
  description: 'kubeconfig file; default $KUBECONFIG, else the one of the data directory',
})
export const namespaceFlag = Flags.string({ char: 'n', description: "namespace; default the context's, else default" })

/** A command that speaks to a running cluster. */
export abstract class KubeCommand extends DavitCommand {
  protected connection!: Connection

  /** Opens the connection; `namespace` is the flag's, else the context's. */
  protected async connect(flags: {
    kubeconfig?: string | undefined
    namespace?: string | undefined
  }): Promise<{ connection: Connection; namespace: string }> {
    this.connection = new Connection(await readTarget(flags.kubeconfig))
    return { connection: this.connection, namespace: flags.namespace ?? this.connection.target.namespace }
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.connection?.close()
    await super.finally(error)
  }
}
