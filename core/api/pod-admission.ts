/** Admission of pods that every cluster has: tolerations of a node's short absence. */
import { definePlugin, Type } from '../kernel/contract.js'
import type { KubeObject, Pod, Toleration } from '../kinds/contract.js'
import { type AdmissionRequest, ApiHooksToken } from './contract.js'

export const isNewPod = ({ operation, kind, subresource }: AdmissionRequest): boolean =>
  operation === 'CREATE' && subresource === '' && kind.group === '' && kind.resource === 'pods'

/** An update of the pod itself: clients that replace a pod send it without what was added at its creation. */
export const isPodUpdate = ({ operation, kind, subresource }: AdmissionRequest): boolean =>
  operation === 'UPDATE' && subresource === '' && kind.group === '' && kind.resource === 'pods'

const absences = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

export const defaultTolerations = definePlugin({
  id: 'admission-default-tolerations',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken },
  config: {
    version: 1,
    schema: Type.Object({
      seconds: Type.Integer({
        minimum: 0,
        default: 300,
        description: 'Seconds that a pod stays on a node that is not ready or unreachable, unless it says otherwise.',
      }),
    }),
  },
  async setup(context, { hooks }) {
    const { seconds } = context.config
    context.tap(hooks.mutate, (object, request) => {
      if (isNewPod(request) || isPodUpdate(request)) tolerate(object, seconds)
      return undefined
    })
    return {}
  },
})

function tolerate(object: KubeObject, tolerationSeconds: number): void {
  const { spec } = object as Pod
  if (!spec) return
  for (const key of absences) {
    if (spec.tolerations?.some((toleration) => covers(toleration, key))) continue
    const added: Toleration = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }
    spec.tolerations = [...(spec.tolerations ?? []), added]
  }
}

const covers = ({ key, effect }: Toleration, taint: string): boolean =>
  (key === undefined || key === '' || key === taint) && (effect === undefined || effect === '' || effect === 'NoExecute')
