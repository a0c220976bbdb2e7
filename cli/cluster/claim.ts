import { CliError } from '../output/cli-error.js'
import type { Composition } from './compose.js'
import { isAlive, readState, removeState, writeState } from './state.js'

/** One `davit up` for each data directory. `publish` tells others where it answers, `end` that it has stopped. */
export async function claim({
  dataDirectory,
  nodes,
  drivers,
  podCidr,
}: Composition): Promise<{ publish(url: string): Promise<void>; end(): Promise<void> }> {
  await refuseSecond(dataDirectory)
  const state = { nodes: nodes.map(({ name, runtimes, proxies }) => ({ name, runtimes, proxies })), drivers, podCidr }
  await writeState(dataDirectory, { ...state, url: '' })
  return {
    publish: (url) => writeState(dataDirectory, { ...state, url }),
    end: () => removeState(dataDirectory),
  }
}

/** Throws when a process runs the cluster of this directory. */
export async function refuseSecond(dataDirectory: string): Promise<void> {
  const running = await readState(dataDirectory)
  if (running && running.pid !== process.pid && (await isAlive(running))) {
    throw new CliError(
      `a cluster of ${dataDirectory} runs already, as process ${running.pid}${running.url ? ` at ${running.url}` : ''}`,
      {
        hint: `stop it with \`davit down --data-dir ${dataDirectory}\`, or choose another --data-dir`,
      },
    )
  }
}
