/** Records of the requests of this process's own clients, for those who listen to `requests`. */
import { ApiError } from '../client/contract.js'
import type { ApiPipeline, ApiRequest, ApiResult, RequestRecord } from './contract.js'
import { createNotes } from './notes.js'
import type { ApiServices } from './services.js'

export async function handleRecorded(services: ApiServices, pipeline: ApiPipeline, given: ApiRequest): Promise<ApiResult> {
  const { hooks, ids, clock } = services
  const notes = given.notes ?? createNotes()
  const record: RequestRecord = {
    id: ids.uuid(),
    received: clock.now(),
    verb: given.verb,
    uri: uriOf(given),
    userAgent: given.userAgent,
    sourceIPs: [],
    target: given,
    user: given.user,
    code: 0,
    body: given.body,
    notes,
  }
  hooks.requests.call('RequestReceived', record)
  try {
    const result = await pipeline.handle({ ...given, notes, record })
    record.result = result
    record.code = result.type === 'object' ? result.code : 200
    return result
  } catch (error) {
    if (error instanceof ApiError) Object.assign(record, { failure: error.status, code: error.code })
    throw error
  } finally {
    hooks.requests.call('ResponseComplete', record)
  }
}

function uriOf({ group, version, resource, subresource, namespace, name, query }: ApiRequest): string {
  const place = namespace === '' ? [] : ['namespaces', namespace]
  const parts = [group === '' ? 'api' : `apis/${group}`, version, ...place, resource, name, subresource ?? '']
  const search = new URLSearchParams(query).toString()
  return `/${parts.filter((part) => part !== '').join('/')}${search === '' ? '' : `?${search}`}`
}
