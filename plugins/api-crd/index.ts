import { ApiHooksToken, ApiPipelineToken, KindsToken, WebhookCallerToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import { DefinitionController } from './controller.js'
import { Definitions } from './definitions.js'
import { holdDeleted } from './deletion.js'
import { checkRules } from './rules.js'
import { Serving } from './serving.js'
import { System } from './system.js'

/** After every other plugin's word on a deletion: one that is refused leaves no finalizer. */
const last = 1000

export default definePlugin({
  id: 'api-crd',
  api: '^1.0',
  // With nothing but the pipeline before it, it starts before the server does: what is defined is served from the first request on.
  stage: 'api',
  requires: { kinds: KindsToken, hooks: ApiHooksToken, pipeline: ApiPipelineToken, webhooks: WebhookCallerToken },
  async setup(context, { kinds, hooks, pipeline, webhooks }) {
    const { clock, random, ids, log, signal } = context
    const system = new System(pipeline)
    const serving = new Serving({ kinds, webhooks, ids, log })
    const definitions: Definitions = new Definitions({ system, clock, log, signal, changed: (name) => controller.enqueue(name) })
    const controller = new DefinitionController({ definitions, serving, system, kinds, clock, random, log })
    context.defer(() => serving.close())
    context.defer(() => controller.close())
    context.defer(() => definitions.close())
    context.tap(hooks.validate, checkRules)
    context.tap(hooks.validate, holdDeleted(system), { stage: last })
    return {
      async start() {
        await definitions.follow()
        for (const definition of definitions.all()) {
          await serving.serve(definition)
          controller.enqueue(definition.metadata.name)
        }
        controller.start()
      },
    }
  },
})
