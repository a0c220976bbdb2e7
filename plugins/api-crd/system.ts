/**
 * The API as this plugin uses it: the pipeline itself, since definitions must be served before the first client can ask
 * for what they define.
 */
import type { ApiPipeline, ApiRequest, ApiResult, ApiVerb, WatchSink } from '@davit/core/api'
import type { KubeObject } from '@davit/core/kinds'
import type { Definition } from './definition.js'

const user = { name: 'system:davit', groups: ['system:masters'] }
const resource = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' }

export interface ResourceName {
  readonly group: string
  readonly version: string
  readonly resource: string
}
type Rest = Partial<Pick<ApiRequest, 'namespace' | 'name' | 'subresource' | 'query' | 'body'>>

export class System {
  readonly #pipeline: ApiPipeline

  constructor(pipeline: ApiPipeline) {
    this.#pipeline = pipeline
  }

  #ask(verb: ApiVerb, of: ResourceName, rest: Rest): Promise<ApiResult> {
    const request = { verb, ...of, namespace: '', name: '', query: {}, user, userAgent: 'davit', ...rest }
    return this.#pipeline.handle(request)
  }

  async list(of: ResourceName = resource): Promise<{ readonly items: readonly KubeObject[]; readonly resourceVersion: string }> {
    const result = await this.#ask('list', of, {})
    if (result.type !== 'list') throw new Error('a list was expected')
    return { items: result.items.map((item) => item.object), resourceVersion: result.resourceVersion }
  }

  /** Changes of definitions after a version. */
  async watch(resourceVersion: string, sink: WatchSink): Promise<{ close(): void }> {
    const result = await this.#ask('watch', resource, { query: { resourceVersion, allowWatchBookmarks: 'true' } })
    if (result.type !== 'watch') throw new Error('a watch was expected')
    return result.open(sink)
  }

  /** Rejects with 409 where the definition has changed meanwhile. */
  async update(definition: Definition, subresource?: 'status'): Promise<Definition> {
    const { name } = definition.metadata
    const rest = { name, body: definition, ...(subresource ? { subresource } : {}) }
    const result = await this.#ask('update', resource, rest)
    if (result.type !== 'object') throw new Error('an object was expected')
    return result.object as Definition
  }

  async deleteCollection(of: ResourceName, namespace: string): Promise<void> {
    await this.#ask('deletecollection', of, { namespace })
  }
}
