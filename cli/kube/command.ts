import { Command, Flags, type Interfaces } from '@oclif/core'
import { CliError } from '../output/cli-error.js'
import { Connection } from './connection.js'
import { readTarget } from './kubeconfig.js'

export const kubeconfigFlag = Flags.string({
  description: 'kubeconfig file; default $KUBECONFIG, else the one of the data directory',
})
export const namespaceFlag = Flags.string({ char: 'n', description: "namespace; default the context's, else default" })

/** Shows an error as a person reads it: what is wrong, then what to do. */
export abstract class DavitCommand extends Command {
  protected override async catch(error: Interfaces.CommandError): Promise<void> {
    if (error instanceof CliError) {
      process.stderr.write(`error: ${error.message}\n${error.hint ? `  ${error.hint}\n` : ''}`)
      this.exit(error.exitCode)
    }
    const { code } = error as { code?: string }
    if (code?.startsWith('DAVIT_')) {
      const { errorTable } = await import('@davit/core/kernel')
      const action = errorTable[code as keyof typeof errorTable]?.action
      process.stderr.write(`error: ${error.message} (${code})\n${action ? `  ${action}\n` : ''}`)
      this.exit(1)
    }
    throw error
  }
}

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
