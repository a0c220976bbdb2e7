/** What `davit up` and `davit server` do: bring a cluster up in this process, and stay. */
import { DavitCommand } from '../output/command.js'
import type { UpFlags } from './flags.js'
import { runsPods } from './nodes.js'
import type { RunningCluster } from './run.js'
import type { Made } from './state.js'
import { untilAsked } from './until-asked.js'

export abstract class UpCommand extends DavitCommand {
  protected async up(flags: UpFlags): Promise<void> {
    if (flags.detach) {
      const { detach } = await import('./detach.js')
      this.log(await detach(flags, process.argv.slice(2)))
      return
    }
    const [{ compose }, { loadClusterConfig }, { createServices, followRanges, runCluster }, { claim }] = await Promise.all([
      import('./compose.js'),
      import('./load-config.js'),
      import('./run.js'),
      import('./claim.js'),
    ])
    const composition = await compose(flags, await loadClusterConfig(flags.config))
    const release = await claim(composition)
    const cluster = await runCluster(
      composition,
      await createServices({ verbose: flags.verbose, human: process.stderr.isTTY === true }),
    )
    const asked = untilAsked()
    followRanges(cluster.kernel, release.learn)
    // From the start of the process: what a user waits for.
    this.log(`ready: ${cluster.url} in ${Math.round(performance.now())} ms`)
    this.log(`kubeconfig: ${cluster.kubeconfig}`)
    if (!cluster.endpoint && composition.nodes.some(runsPods)) {
      this.log('Pods cannot reach the API: this machine has no address but loopback ones. Give it one, or say --bind.')
    }
    await release.publish(cluster.url)
    const signal = await asked
    this.log(`${signal}: stopping`)
    await this.#stop(cluster, flags.ephemeral ? { directory: composition.dataDirectory, made: release.made() } : undefined)
    // Otherwise containers still run, and `davit down` must find out which.
    if (flags.ephemeral) await release.end()
    process.exit(0)
  }

  async #stop(cluster: RunningCluster, remove: { directory: string; made: Made } | undefined): Promise<void> {
    // A second signal must not leave half of it behind unsaid.
    process.on('SIGINT', () => process.stderr.write('still stopping\n'))
    await cluster.stop()
    if (!remove) return
    const { purge } = await import('./purge.js')
    for await (const line of purge(remove.directory, remove.made)) this.log(line)
  }
}
