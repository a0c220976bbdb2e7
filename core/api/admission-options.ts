/** The options of a request, as admission shows them: those of Go's clients, whatever way they came. */
import type { AdmissionRequest, ApiRequest } from './contract.js'
import { isTree, type Tree } from './tree.js'

const kinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const
const deletion = ['gracePeriodSeconds', 'preconditions', 'orphanDependents', 'propagationPolicy']

/** Undefined for a connection: there the options are the object. */
export function admissionOptions(request: ApiRequest, operation: AdmissionRequest['operation']): Tree | undefined {
  if (operation === 'CONNECT') return undefined
  const { dryRun, fieldManager, fieldValidation } = request.query
  const options: Tree = { kind: kinds[operation], apiVersion: 'meta.k8s.io/v1' }
  if (operation === 'DELETE') Object.assign(options, deletionOptions(request))
  if (dryRun) options.dryRun = [dryRun]
  if (operation === 'DELETE') return options
  if (fieldManager) options.fieldManager = fieldManager
  if (fieldValidation) options.fieldValidation = fieldValidation
  return options
}

function deletionOptions({ verb, body, query }: ApiRequest): Tree {
  const options: Tree = {}
  if (query.gracePeriodSeconds) options.gracePeriodSeconds = Number(query.gracePeriodSeconds)
  if (query.orphanDependents !== undefined) options.orphanDependents = query.orphanDependents !== 'false'
  if (query.propagationPolicy) options.propagationPolicy = query.propagationPolicy
  const given = isTree(body) && (verb === 'delete' || verb === 'deletecollection') ? body : {}
  for (const name of deletion) if (given[name] !== undefined) options[name] = given[name]
  if (Array.isArray(given.dryRun)) options.dryRun = given.dryRun
  return options
}
