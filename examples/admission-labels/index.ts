import { type AdmissionRequest, ApiHooksToken } from '@davit/core/api'
import { definePlugin, Type } from '@davit/core/kernel'
import type { Pod } from '@davit/core/kinds'

/**
 * Admission has two slots. `mutate` may change an object before it is checked; `validate` sees it as it will be stored
 * and may refuse it. Both are asked of every write of every kind, so the first thing is to say which are meant.
 */
export default definePlugin({
  id: 'admission-labels',
  api: '^1.0',
  // In place before the first request is served.
  stage: 'api',
  requires: { hooks: ApiHooksToken },
  config: {
    version: 1,
    schema: Type.Object({
      label: Type.String({
        default: 'example.davit.dev/made-by',
        minLength: 1,
        description: 'The label that says who made a Pod.',
      }),
    }),
  },
  async setup(context, { hooks }) {
    context.tap(hooks.mutate, (object, request) => {
      if (!isPod(request) || request.operation !== 'CREATE') return undefined
      // The object is the tap's own: it may be changed in place. What it has from its author stays.
      const labels = { [context.config.label]: asLabelValue(request.user.name), ...object.metadata.labels }
      object.metadata.labels = labels
      return object
    })
    context.tap(hooks.validate, (request) => {
      if (!isPod(request) || !request.object) return undefined
      const { spec } = request.object as Pod
      const untagged = [...(spec.initContainers ?? []), ...spec.containers].find(({ image = '' }) => !hasTag(image))
      if (!untagged) return undefined
      const message = `image "${untagged.image}" of container "${untagged.name}" has no tag: say which version is meant`
      return { code: 403, reason: 'Forbidden', message }
    })
    return {}
  },
})

function isPod({ kind, subresource }: AdmissionRequest): boolean {
  return kind.group === '' && kind.resource === 'pods' && subresource === ''
}

/** A colon after the last slash is a tag; before it, a port. A digest is better than a tag. */
function hasTag(image: string): boolean {
  return /:[^/]+$/.test(image)
}

/** "system:serviceaccount:kube-system:job" is no value of a label; "system.serviceaccount.kube-system.job" is. */
function asLabelValue(name: string): string {
  return name
    .replace(/[^A-Za-z0-9._-]/g, '.')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
}
