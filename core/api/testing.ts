/** What the tests of this room share: a booted pipeline, and requests in one line. */
import { ApiError, type FailureStatus } from '../client/contract.js'
import { definePlugin, type PluginEntry } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import { type Booted, type BootOptions, boot, type TestContext } from '../testing/contract.js'
import type { WatchEvent } from '../watch/contract.js'
import {
  ApiAddressToken,
  type ApiPipeline,
  ApiPipelineToken,
  type ApiRequest,
  type ApiResult,
  type ApiVerb,
  type UserInfo,
} from './contract.js'
import { apiEndpoint } from './host.js'

export const root: UserInfo = { name: 'root', groups: ['system:masters'] }

export type Rest = Partial<Omit<ApiRequest, 'verb' | 'group' | 'version' | 'resource'>>
type ListResult = Extract<ApiResult, { type: 'list' }>
type ObjectResult = Extract<ApiResult, { type: 'object' }>

export class Api {
  readonly plane: Booted
  readonly pipeline: ApiPipeline

  constructor(plane: Booted) {
    this.plane = plane
    this.pipeline = plane.kernel.get(ApiPipelineToken)
  }

  /** `resource`: "pods", "apps/v1/deployments", with "/status" behind it where a subresource is meant. */
  handle(verb: ApiVerb, resource: string, rest: Rest = {}): Promise<ApiResult> {
    return this.pipeline.handle({ ...requestOf(verb, resource), ...rest })
  }
  async reply(verb: ApiVerb, resource: string, rest: Rest = {}): Promise<ObjectResult> {
    const result = await this.handle(verb, resource, rest)
    if (result.type !== 'object') throw new Error(`an object was expected, not a ${result.type}`)
    return result
  }
  async object<T extends KubeObject = KubeObject>(verb: ApiVerb, resource: string, rest: Rest = {}): Promise<T> {
    return (await this.reply(verb, resource, rest)).object as T
  }
  create<T extends KubeObject = KubeObject>(resource: string, body: object, rest: Rest = {}): Promise<T> {
    return this.object<T>('create', resource, { body, ...rest })
  }
  get<T extends KubeObject = KubeObject>(resource: string, name: string, rest: Rest = {}): Promise<T> {
    return this.object<T>('get', resource, { name, ...rest })
  }
  /** PUT of `body` under its own name. */
  update<T extends KubeObject = KubeObject>(resource: string, body: KubeObject, rest: Rest = {}): Promise<T> {
    return this.object<T>('update', resource, { name: body.metadata.name, body, ...rest })
  }
  merge<T extends KubeObject = KubeObject>(resource: string, name: string, body: object, rest: Rest = {}): Promise<T> {
    return this.object<T>('patch', resource, { name, body, patchType: 'merge', ...rest })
  }
  async list(resource: string, query: Readonly<Record<string, string>> = {}, rest: Rest = {}): Promise<ListResult> {
    const result = await this.handle('list', resource, { query, ...rest })
    if (result.type !== 'list') throw new Error(`a list was expected, not a ${result.type}`)
    return result
  }
  /** The status of the refusal; fails where there is none. */
  async refused(verb: ApiVerb, resource: string, rest: Rest = {}): Promise<FailureStatus> {
    try {
      await this.handle(verb, resource, rest)
    } catch (error) {
      if (error instanceof ApiError) return error.status
      throw error
    }
    throw new Error(`${verb} ${resource} was not refused`)
  }
  async watch(resource: string, query: Readonly<Record<string, string>> = {}, rest: Rest = {}): Promise<Watched> {
    const result = await this.handle('watch', resource, { query, ...rest })
    if (result.type !== 'watch') throw new Error(`a watch was expected, not a ${result.type}`)
    return new Watched(result)
  }
}

export async function startApi(t: TestContext, options: BootOptions & { clock?: 'virtual' } = {}): Promise<Api> {
  const plane = await boot(options)
  t.defer(() => plane.stop())
  return new Api(plane)
}

export function requestOf(verb: ApiVerb, path: string): ApiRequest {
  const parts = path.split('/')
  const grouped = /^v\d/.test(parts[1] ?? '')
  const [group, version, resource, subresource] = grouped ? parts : ['', 'v1', ...parts]
  return {
    verb,
    group: group ?? '',
    version: version ?? 'v1',
    resource: resource ?? '',
    ...(subresource === undefined ? {} : { subresource }),
    namespace: clusterScoped.has(resource ?? '') ? '' : 'default',
    name: '',
    query: {},
    user: root,
    userAgent: 'test/1.0',
  }
}
const clusterScoped = new Set([
  'namespaces',
  'nodes',
  'persistentvolumes',
  'priorityclasses',
  'selfsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'selfsubjectreviews',
  'subjectaccessreviews',
  'tokenreviews',
  'clusterroles',
  'certificatesigningrequests',
  'runtimeclasses',
])

/** A watch that writes down what it hears: "ADDED a", "BOOKMARK 7", "END". */
export class Watched {
  readonly seen: string[] = []
  readonly events: WatchEvent[] = []
  readonly annotations: (Readonly<Record<string, string>> | undefined)[] = []
  status: KubeObject | undefined
  readonly #wakers = new Set<() => void>()
  readonly #handle: { close(): void }

  constructor(result: Extract<ApiResult, { type: 'watch' }>) {
    this.#handle = result.open({
      batch: (batch) => {
        for (const event of batch.events) {
          this.events.push(event)
          this.#note(`${event.type} ${event.item.name}`)
        }
      },
      bookmark: (version, annotations) => {
        this.annotations.push(annotations)
        this.#note(`BOOKMARK ${version}`)
      },
      end: (status) => {
        this.status = status
        this.#note('END')
      },
    })
  }

  #note(text: string): void {
    this.seen.push(text)
    for (const wake of this.#wakers) wake()
    this.#wakers.clear()
  }
  /** Resolves when so many things were heard. */
  async heard(count: number): Promise<readonly string[]> {
    while (this.seen.length < count) await new Promise<void>((resolve) => void this.#wakers.add(resolve))
    return this.seen
  }
  close(): void {
    this.#handle.close()
  }
}

/** The smallest of each. */
export const pod = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image: 'web:1' }], ...spec },
})
export const configMap = (name: string, data: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})
export const deployment = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
    ...spec,
  },
})

/** A server that Pods reach there; with '' they reach it nowhere. */
export const addressed = (host: string, port: number, ca = ''): PluginEntry[] => [
  { plugin: apiEndpoint },
  {
    plugin: definePlugin({
      id: 'test-address',
      api: '^1.0',
      provides: { address: ApiAddressToken },
      async setup() {
        const own = { url: 'https://127.0.0.1:1', host: '127.0.0.1', port: 1, ca, kubeconfig: '' }
        return { provides: { address: host === '' ? own : { ...own, endpoint: { host, port } } } }
      },
    }),
  },
]
