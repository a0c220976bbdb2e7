/** Events: one store, two views. core/v1 and events.k8s.io/v1 differ in the names of fields alone. */
import type { KubeObject } from '../kinds/contract.js'
import type { Tree } from './tree.js'

const names: ReadonlyMap<string, string> = new Map([
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
])
const back: ReadonlyMap<string, string> = new Map([...names].map(([core, event]) => [event, core]))

export const eventFromCore = (object: KubeObject): KubeObject => renamed(object, names, 'events.k8s.io/v1')
export const eventToCore = (object: KubeObject): KubeObject => renamed(object, back, 'v1')

function renamed(object: KubeObject, fields: ReadonlyMap<string, string>, apiVersion: string): KubeObject {
  const result: Tree = {}
  for (const [field, value] of Object.entries(object)) result[fields.get(field) ?? field] = value
  return { ...result, apiVersion, kind: object.kind, metadata: object.metadata }
}
