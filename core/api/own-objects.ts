/** Objects that the server itself writes. */
import { ApiError, isExists, isNotFound } from '../client/contract.js'
import { equalJson, type KubeObject } from '../kinds/contract.js'
import { mastersGroup } from './authorize.js'
import type { ApiPipeline, ApiRequest, UserInfo } from './contract.js'

const serverUser: UserInfo = { name: 'system:apiserver', groups: [mastersGroup] }

export async function remove(pipeline: ApiPipeline, resource: string, object: KubeObject): Promise<void> {
  await pipeline.handle({ ...requestOf('delete', resource, object), name: object.metadata.name }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
}

/** Leaves alone what is there. */
export async function createMissing(pipeline: ApiPipeline, resource: string, object: KubeObject): Promise<void> {
  try {
    await pipeline.handle({ ...requestOf('get', resource, object), name: object.metadata.name })
    return
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  try {
    await pipeline.handle({ ...requestOf('create', resource, object), body: object })
  } catch (error) {
    // Another server was faster.
    if (!isExists(error)) throw error
  }
}

/** Creates the object, or brings what is there to what it says. */
export async function put(pipeline: ApiPipeline, resource: string, object: KubeObject): Promise<void> {
  await createMissing(pipeline, resource, object)
  const name = object.metadata.name
  const found = await pipeline.handle({ ...requestOf('get', resource, object), name })
  if (found.type !== 'object') throw ApiError.internal(new Error(`no object of ${resource} came back`))
  const body = { ...found.object, ...object, metadata: { ...found.object.metadata, ...object.metadata } }
  if (equalJson(body, found.object)) return
  await pipeline.handle({ ...requestOf('update', resource, object), name, body })
}

export function requestOf(verb: ApiRequest['verb'], resource: string, object: KubeObject): ApiRequest {
  const [version = '', group = ''] = object.apiVersion.split('/').reverse()
  const namespace = object.metadata.namespace ?? ''
  return { verb, group, version, resource, namespace, name: '', query: {}, user: serverUser, userAgent: 'davit-apiserver' }
}
