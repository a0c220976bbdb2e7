import { CliError } from '../output/cli-error.js'
import type { Composition } from './compose.js'
import { isAlive, readState, removeState, writeState } from './state.js'

/** One `davit up` for each data directory. `publish` tells others where it answers, `end` that it has stopped. */
export async function claim({
  dataDirectory,
  nodes,
  podCidr,
}: Composition): Promise<{ publish(url: string): Promise<void>; end(): Promise<void> }> {
  const running = await readState(dataDirectory)
  if (running && running.pid !== process.pid && (await isAlive(running))) {
    throw new CliError(`a cluster of ${dataDirectory} runs already, as process ${running.pid} at ${running.url}`, {
      hint: 'stop it with `davit down`, or choose another --data-dir',
    })
  }
  const state = { nodes: nodes.map(({ name, runtimes, proxies }) => ({ name, runtimes, proxies })), podCidr }
  await writeState(dataDirectory, { ...state, url: '' })
  return {
    publish: (url) => writeState(dataDirectory, { ...state, url }),
    end: () => removeState(dataDirectory),
  }
}
