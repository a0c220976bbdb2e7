/** `namespaces/finalize`: who has emptied a namespace takes its finalizer off, and with the last one it goes. */
import type { KubeObject } from '../kinds/contract.js'
import { at, isTree } from './tree.js'

export function mergeFinalizers(current: KubeObject, sent: KubeObject): KubeObject {
  const finalizers = at(sent, 'spec', 'finalizers')
  const { finalizers: _old, ...spec } = isTree(current.spec) ? current.spec : {}
  const kept = Array.isArray(finalizers) && finalizers.length > 0
  return { ...current, spec: kept ? { ...spec, finalizers } : spec }
}

/** Ephemeral containers are added to a running pod through their own subresource alone. */
export function mergeEphemeralContainers(current: KubeObject, sent: KubeObject): KubeObject {
  const containers = at(sent, 'spec', 'ephemeralContainers')
  const { ephemeralContainers: _old, ...spec } = isTree(current.spec) ? current.spec : {}
  return { ...current, spec: containers === undefined ? spec : { ...spec, ephemeralContainers: containers } }
}

/** The resources of containers, which the pod's own update refuses to change. */
export function mergeResources(current: KubeObject, sent: KubeObject): KubeObject {
  return { ...current, spec: sent.spec }
}
