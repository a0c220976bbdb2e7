import { ClientsToken } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import { type Controller, ControllerToken } from './contract.js'
import { ControllerRunner } from './runner.js'

/** The controller host: runs every contributed reconciler, also those that come or go while it runs. */
export const controllerHost = definePlugin({
  id: 'controller-host',
  api: '^1.0',
  stage: 'control',
  requires: { clients: ClientsToken, controllers: ControllerToken },
  async setup(context, { clients, controllers }) {
    const { clock, random, ids, log } = context
    const runners = new Map<Controller, ControllerRunner>()
    let stopping = false

    const follow = async () => {
      const present = new Map(controllers.entries().map(({ owner, value }) => [value, owner]))
      const gone = [...runners].filter(([controller]) => !present.has(controller))
      for (const [controller] of gone) runners.delete(controller)
      const come = [...present].filter(([controller]) => !runners.has(controller))
      for (const [controller, owner] of come) {
        runners.set(
          controller,
          new ControllerRunner(controller, { clients, clock, random, ids, log, actor: `${owner}@${context.version}` }),
        )
      }
      await Promise.all(gone.map(([, runner]) => runner.stop()))
      await Promise.all(come.map(([controller]) => runners.get(controller)?.start()))
    }
    const stopAll = async () => {
      stopping = true
      await Promise.all([...runners.values()].map((runner) => runner.stop()))
      runners.clear()
    }
    context.defer(stopAll)
    return {
      async start() {
        const change = () => {
          if (stopping) return
          follow().catch((error: unknown) => log.error({ error: String(error) }, 'a controller could not be started or stopped'))
        }
        await follow()
        context.defer(controllers.onChange(change))
      },
      drain: stopAll,
    }
  },
})
