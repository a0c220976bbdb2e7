import path from 'node:path'
import * as Flags from '@oclif/core/flags'
import { dataDirectoryOf } from '../cluster/flags.js'
import type { Made } from '../cluster/state.js'
import { CliError } from '../output/cli-error.js'
import { DavitCommand } from '../output/command.js'

export default class Down extends DavitCommand {
  static override description =
    'Stops a cluster for good: the process, its containers, networks and rules. Its data stays, and the next `davit up` makes the Pods again.'
  static override flags = {
    'data-dir': Flags.string({ description: 'as it was given to `davit up`' }),
    force: Flags.boolean({
      description: 'kill a process that does not stop in time, and forget containers that cannot be reached',
    }),
    keep: Flags.boolean({
      description: 'only stop the process; containers and rules stay and are taken up again by the next `davit up`',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Down)
    const directory = path.resolve(dataDirectoryOf(flags['data-dir'], undefined))
    const { readState, removeState } = await import('../cluster/state.js')
    const state = await readState(directory)
    if (!state) throw new CliError(`no cluster of ${directory} is up`, { hint: 'say which with --data-dir' })
    const { stopProcess } = await import('../cluster/stop-process.js')
    await stopProcess(state, { force: flags.force, say: (line) => this.log(line) })
    // With its containers and rules stays the note of them: the next `davit down` removes them.
    if (!flags.keep) {
      await this.#purge(directory, state, flags.force)
      await removeState(directory)
    }
    this.log('stopped')
  }

  async #purge(directory: string, made: Made, force: boolean): Promise<void> {
    const { purge } = await import('../cluster/purge.js')
    try {
      for await (const line of purge(directory, made)) this.log(line)
    } catch (error) {
      if (!force || !(error instanceof CliError)) throw error
      this.warn(error.message)
    }
  }
}
