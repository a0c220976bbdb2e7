/** The fields by which built-in kinds can be selected, beyond name and namespace. */
import type { KubeObject, ResourceKind } from './contract.js'

export type SelectableFields = ResourceKind['selectableFields']
type Read = (object: KubeObject) => string

/** Text of the value at a path; '' (or what is said) where it is absent. */
function at(path: string, absent = ''): Read {
  const parts = path.split('.')
  return (object) => {
    let value: unknown = object
    for (const part of parts) {
      if (typeof value !== 'object' || value === null) return absent
      value = (value as Record<string, unknown>)[part]
    }
    return value === undefined || value === null ? absent : String(value)
  }
}
const fields = (...paths: readonly string[]): SelectableFields => new Map(paths.map((path) => [path, at(path)]))

const referenceParts = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
const either =
  (...reads: readonly Read[]): Read =>
  (object) =>
    reads.map((read) => read(object)).find((value) => value !== '') ?? ''

const podFields = [
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.phase',
  'status.podIP',
  'status.nominatedNodeName',
]

export const jobFields: SelectableFields = new Map([['status.successful', at('status.succeeded', '0')]])

export const selectable = {
  pod: new Map([...fields(...podFields), ['spec.hostNetwork', at('spec.hostNetwork', 'false')]]),
  namespace: fields('status.phase'),
  node: new Map([['spec.unschedulable', at('spec.unschedulable', 'false')]]),
  secret: fields('type'),
  replicas: new Map([['status.replicas', at('status.replicas', '0')]]),
  certificateRequest: fields('spec.signerName'),
  coreEvent: new Map([
    ...fields(...referenceParts.map((part) => `involvedObject.${part}`), 'reason', 'type'),
    ['reportingComponent', at('reportingComponent')],
    ['source', either(at('source.component'), at('reportingComponent'))],
  ]),
  event: new Map([
    ...fields(...referenceParts.map((part) => `regarding.${part}`), 'reason', 'type'),
    ['reportingController', either(at('reportingController'), at('deprecatedSource.component'))],
  ]),
} satisfies Record<string, SelectableFields>
