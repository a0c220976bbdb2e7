/** What the tests of this plugin share: a control plane that has it, definitions in one line, and requests. */
import { ApiPipelineToken, type ApiRequest, type ApiResult, type ApiVerb, KindsToken, type WatchSink } from '@davit/core/api'
import { customResourceDefinitions, type FailureStatus } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { CustomResourceDefinition, KubeObject } from '@davit/core/kinds'
import type { BootOptions, TestContext } from '@davit/core/testing'
import plugin from './index.js'

export const group = 'example.com'

type Version = Record<string, unknown>
export const version = (name: string, spec: object = {}, more: Version = {}): Version => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: spec } } } },
  ...more,
})
/** "widgets.example.com" with the versions given. */
export const definition = (versions: Version[], spec: object = {}, plural = 'widgets'): CustomResourceDefinition => {
  const kind = `${plural.charAt(0).toUpperCase()}${plural.slice(1, -1)}`
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural, kind }, versions, ...spec },
  } as unknown as CustomResourceDefinition
}
export const widget = (name: string, spec: unknown = {}, more: object = {}): KubeObject =>
  ({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name }, spec, ...more }) as KubeObject

type Rest = Partial<Omit<ApiRequest, 'verb' | 'resource'>>
export interface Cluster extends ControlPlane {
  /** `resource`: "widgets", "widgets/status". */
  ask(verb: ApiVerb, resource: string, rest?: Rest): Promise<ApiResult>
  object(verb: ApiVerb, resource: string, rest?: Rest): Promise<KubeObject>
  names(resource: string, rest?: Rest): Promise<string[]>
  refused(verb: ApiVerb, resource: string, rest?: Rest): Promise<FailureStatus>
  define(definition: CustomResourceDefinition): Promise<CustomResourceDefinition>
  find(name?: string): Promise<CustomResourceDefinition>
  isServed(version?: string, resource?: string): boolean
  /** "ADDED a", "END". */
  watch(resource: string, rest?: Rest): Promise<{ readonly seen: string[]; readonly objects: KubeObject[]; close(): void }>
}

export async function start(t: TestContext, options: Pick<BootOptions, 'store'> = {}): Promise<Cluster> {
  const plane = await controlPlane(t, [{ plugin }], options)
  const { client, kernel } = plane
  const pipeline = kernel.get(ApiPipelineToken)
  const ask: Cluster['ask'] = (verb, path, rest = {}) => {
    const [resource = '', subresource] = path.split('/')
    const user = { name: 'root', groups: ['system:masters'] }
    const part = subresource === undefined ? {} : { subresource }
    const base = { group, version: 'v1', namespace: 'default', name: '', query: {}, user, userAgent: 'test' }
    return pipeline.handle({ ...base, verb, resource, ...part, ...rest })
  }
  return {
    ...plane,
    ask,
    async object(verb, resource, rest) {
      const result = await ask(verb, resource, rest)
      if (result.type !== 'object') throw new Error('an object was expected')
      return result.object
    },
    async names(resource, rest) {
      const result = await ask('list', resource, rest)
      if (result.type !== 'list') throw new Error('a list was expected')
      return result.items.map((item) => item.name)
    },
    async refused(verb, resource, rest) {
      try {
        await ask(verb, resource, rest)
      } catch (error) {
        return (error as { status: FailureStatus }).status
      }
      throw new Error(`${verb} ${resource} was not refused`)
    },
    async define(wanted) {
      await client.create(customResourceDefinitions, wanted)
      await plane.quiet()
      return client.get(customResourceDefinitions, '', wanted.metadata.name)
    },
    find: (name = `widgets.${group}`) => client.get(customResourceDefinitions, '', name),
    isServed: (of = 'v1', resource = 'widgets') => kernel.get(KindsToken).resource(group, of, resource) !== undefined,
    async watch(resource, rest) {
      const result = await ask('watch', resource, rest)
      if (result.type !== 'watch') throw new Error('a watch was expected')
      const seen: string[] = []
      const objects: KubeObject[] = []
      const sink: WatchSink = {
        batch(batch) {
          for (const { type, item } of batch.events) {
            seen.push(`${type} ${item.name}`)
            objects.push(item.object)
          }
        },
        bookmark: () => undefined,
        end: (status) => void seen.push(status === undefined ? 'END' : `END ${status.message}`),
      }
      const { close } = result.open(sink)
      t.defer(close)
      return { seen, objects, close }
    },
  }
}

export const conditions = (of: CustomResourceDefinition): string[] =>
  (of.status?.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`)
