import path from 'node:path'
import { Flags } from '@oclif/core'
import { dataDirectoryOf } from '../cluster/flags.js'
import { DavitCommand } from '../kube/command.js'
import { CliError } from '../output/cli-error.js'

export default class Down extends DavitCommand {
  static override description =
    'Stops a cluster for good: the process, its containers, networks and rules. Its data stays, and the next `davit up` makes the Pods again.'
  static override flags = {
    'data-dir': Flags.string({ description: 'as it was given to `davit up`' }),
    keep: Flags.boolean({
      description: 'only stop the process; containers and rules stay and are taken up again by the next `davit up`',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Down)
    const directory = path.resolve(dataDirectoryOf(flags['data-dir'], undefined))
    const { isAlive, readState, removeState } = await import('../cluster/state.js')
    const state = await readState(directory)
    if (!state) throw new CliError(`no cluster of ${directory} is up`, { hint: 'say which with --data-dir' })
    if (await isAlive(state)) {
      process.kill(state.pid, 'SIGTERM')
      this.log(`stopping process ${state.pid}`)
      while (await isAlive(state)) await new Promise((resolve) => setTimeout(resolve, 50))
    }
    if (!flags.keep) {
      const { purge } = await import('../cluster/purge.js')
      for await (const line of purge(directory, state)) this.log(line)
    }
    await removeState(directory)
    this.log('stopped')
  }
}
