/** Whatever a client sends, the answer is a result or a refusal in the 400s: never a bug of ours. */
import fc from 'fast-check'
import { ApiError } from '../client/contract.js'
import { assert, test } from '../testing/contract.js'
import type { ApiVerb } from './contract.js'
import { configMap, deployment, pod, type Rest, startApi } from './testing.js'

const verbs: ApiVerb[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']
const resources = [
  'pods',
  'pods/status',
  'pods/binding',
  'pods/eviction',
  'pods/ephemeralcontainers',
  'pods/resize',
  'pods/log',
  'bindings',
  'configmaps',
  'secrets',
  'services',
  'services/status',
  'namespaces',
  'namespaces/finalize',
  'nodes',
  'events',
  'events.k8s.io/v1/events',
  'endpoints',
  'persistentvolumeclaims',
  'serviceaccounts/token',
  'apps/v1/deployments',
  'apps/v1/deployments/scale',
  'apps/v1/statefulsets',
  'batch/v1/jobs',
  'batch/v1/cronjobs',
  'autoscaling/v1/horizontalpodautoscalers',
  'autoscaling/v2/horizontalpodautoscalers',
  'policy/v1/poddisruptionbudgets',
  'coordination.k8s.io/v1/leases',
  'discovery.k8s.io/v1/endpointslices',
  'networking.k8s.io/v1/ingresses',
  'rbac.authorization.k8s.io/v1/roles',
  'certificates.k8s.io/v1/certificatesigningrequests/approval',
  'authorization.k8s.io/v1/selfsubjectaccessreviews',
  'authentication.k8s.io/v1/tokenreviews',
  'gizmos',
]
const field = fc.constantFrom(
  ...['metadata', 'spec', 'status', 'name', 'namespace', 'labels', 'annotations', 'finalizers', 'ownerReferences', 'uid'],
  ...['containers', 'template', 'selector', 'matchLabels', 'replicas', 'ports', 'type', 'clusterIP', 'clusterIPs', 'tolerations'],
  ...['target', 'kind', 'apiVersion', 'deleteOptions', 'preconditions', 'conditions', 'resourceVersion', 'generateName', 'data'],
  ...['$patch', '$setElementOrder/containers', '__proto__', 'constructor', 'op', 'path', 'value', 'schedule', 'metrics'],
)
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    'a',
    'default',
    'None',
    'NodePort',
    '..',
    'x'.repeat(300),
    '1',
    '100m',
    '\u0000',
    'é',
    'v1',
    'Pod',
  ),
  fc.constantFrom<unknown>(0, -1, 1, 80, 1.5, 2 ** 53, -(2 ** 31), Number.MAX_VALUE, true, false),
)
const tree = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.dictionary(field, tie('any'), { maxKeys: 5 }),
    fc.array(tie('any'), { maxLength: 4 }),
  ),
})).any

const sound: Readonly<Record<string, unknown>> = {
  pods: pod('a'),
  'apps/v1/deployments': deployment('a'),
  configmaps: configMap('a'),
  services: { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } },
}
const soundNames = Object.keys(sound)

/** A sound object of the resource, in which some values were replaced. */
const bentBody = (resource: string): fc.Arbitrary<unknown> =>
  fc.array(fc.tuple(fc.nat(40), tree), { maxLength: 2 }).map((changes) => {
    const object = sound[resource.split('/status')[0] ?? ''] ?? sound.configmaps
    return changes.reduce<unknown>((body, [place, value]) => replaced(body, { left: place }, value), object)
  })

function replaced(value: unknown, place: { left: number }, by: unknown): unknown {
  if (place.left-- === 0) return by
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => replaced(one, place, by))
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one, place, by)]))
}

const queryKey = fc.constantFrom(
  ...['labelSelector', 'fieldSelector', 'limit', 'continue', 'resourceVersion', 'resourceVersionMatch', 'timeoutSeconds'],
  ...['allowWatchBookmarks', 'sendInitialEvents', 'dryRun', 'fieldValidation', 'fieldManager', 'force', 'propagationPolicy'],
  ...['orphanDependents', 'gracePeriodSeconds', 'pretty'],
)
const queryValue = fc.constantFrom(
  ...['', '0', '1', '-1', '99', 'true', 'false', 'All', 'Strict', 'Ignore', 'Exact', 'NotOlderThan', 'Orphan', 'Foreground'],
  ...['a=b', 'a in (b', 'metadata.name=a', 'spec.x=y', 'e30', 'eyJ2IjoxfQ', '9'.repeat(40), 'x'.repeat(200), '\u0000'],
)
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constant('a') },
  fc.constantFrom('b', '', 'default', '..', 'A_b', 'a/b', 'x'.repeat(260)),
)
const namespace = fc.oneof({ weight: 9, arbitrary: fc.constant('default') }, fc.constantFrom('', 'kube-system', 'nowhere', '..'))
const resource = fc.oneof(fc.constantFrom(...soundNames), fc.constantFrom(...resources))
const request = fc.tuple(fc.constantFrom(...verbs), resource).chain(([verb, path]) => {
  const rest: fc.Arbitrary<Rest> = fc.record(
    {
      name,
      namespace,
      query: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, fc.dictionary(queryKey, queryValue, { maxKeys: 3 })),
      body: fc.oneof(tree, bentBody(path), bentBody(path), bentBody(path)),
      patchType: fc.constantFrom('json', 'merge', 'merge', 'strategic', 'apply'),
    },
    { requiredKeys: ['name', 'query', 'body', 'patchType'] },
  )
  return fc.tuple(fc.constant(verb), fc.constant(path), rest)
})

test(
  'any request is answered, or refused with a 4xx',
  async (t) => {
    const api = await startApi(t)
    for (const [kind, body] of Object.entries(sound)) await api.create(kind, body as object)
    let served = 0
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 8 }), async (requests) => {
        for (const [verb, resource, parts] of requests) {
          try {
            const result = await api.handle(verb, resource, parts)
            served++
            if (result.type === 'object') JSON.stringify(result.object)
          } catch (error) {
            assert.ok(error instanceof ApiError, `${verb} ${resource}: ${String(error)}`)
            const { code, message } = (error as ApiError).status
            // A version that is yet to come is 504 by the book.
            assert.ok((code >= 400 && code < 500) || code === 504, `${verb} ${resource}: ${code} ${message}`)
          }
        }
      }),
      { numRuns: Number(process.env.DAVIT_FUZZ_RUNS ?? 600), seed: Number(process.env.DAVIT_FUZZ_SEED ?? 7) },
    )
    assert.ok(served > 400, `only ${served} requests were served`)
  },
  { timeoutMs: 60_000 },
)
