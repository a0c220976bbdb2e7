import { assert, test } from '@davit/core/testing'
import type { Pod } from '../contract.js'
import { created, freeze, kindOf, type Manifest, updated, updateFindings } from './testing.js'

const container = { name: 'c', image: 'nginx:1.25' }
const pod = (spec: object = {}): Manifest => ({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [container], ...spec } })

const allowed: [name: string, spec: object, change: (spec: Pod['spec']) => void][] = [
  ['nothing', {}, () => undefined],
  ['an image', {}, (spec) => Object.assign(spec.containers[0] ?? {}, { image: 'nginx:2' })],
  [
    'an init image',
    { initContainers: [{ name: 'i', image: 'i:1' }] },
    (spec) => Object.assign(spec.initContainers?.[0] ?? {}, { image: 'i:2' }),
  ],
  ['a deadline set', {}, (spec) => Object.assign(spec, { activeDeadlineSeconds: 5 })],
  ['a deadline lowered', { activeDeadlineSeconds: 9 }, (spec) => Object.assign(spec, { activeDeadlineSeconds: 5 })],
  [
    'a toleration added',
    { tolerations: [{ key: 'a', operator: 'Exists' }] },
    (spec) => spec.tolerations?.push({ key: 'b', operator: 'Exists' }),
  ],
  [
    'toleration seconds',
    { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 }] },
    (spec) => Object.assign(spec.tolerations?.[0] ?? {}, { tolerationSeconds: 5 }),
  ],
  ['a gate removed', { schedulingGates: [{ name: 'a' }, { name: 'b' }] }, (spec) => void spec.schedulingGates?.pop()],
  ['a gated pod narrowed', { schedulingGates: [{ name: 'a' }] }, (spec) => Object.assign(spec, { nodeSelector: { x: 'y' } })],
  ['an empty list for none', {}, (spec) => Object.assign(spec, { volumes: [] })],
]
for (const [name, spec, change] of allowed) {
  test(`a pod may change: ${name}`, () =>
    assert.equal(
      updateFindings(pod(spec), (object) => change((object as Pod).spec)),
      [],
    ))
}

const frozen: [name: string, spec: object, change: (spec: Pod['spec']) => void, error: RegExp][] = [
  [
    'env',
    {},
    (spec) => Object.assign(spec.containers[0] ?? {}, { env: [{ name: 'A', value: '1' }] }),
    /^spec: Forbidden: pod updates may not change fields other than/,
  ],
  ['the node', {}, (spec) => Object.assign(spec, { nodeName: 'n' }), /^spec: Forbidden: pod updates/],
  [
    'the number of containers',
    {},
    (spec) => spec.containers.push({ name: 'd', image: 'd:1' }),
    /may not add or remove containers/,
  ],
  [
    'a deadline raised',
    { activeDeadlineSeconds: 5 },
    (spec) => Object.assign(spec, { activeDeadlineSeconds: 9 }),
    /must be less than or equal to previous value/,
  ],
  [
    'a deadline removed',
    { activeDeadlineSeconds: 5 },
    (spec) => void delete spec.activeDeadlineSeconds,
    /must not update from a positive integer to nil value/,
  ],
  [
    'a toleration removed',
    { tolerations: [{ key: 'a', operator: 'Exists' }] },
    (spec) => void spec.tolerations?.pop(),
    /existing toleration can not be modified/,
  ],
  [
    'a gate added',
    { schedulingGates: [{ name: 'a' }] },
    (spec) => spec.schedulingGates?.push({ name: 'b' }),
    /found new scheduling gates "b"/,
  ],
  [
    'a gated pod widened',
    { schedulingGates: [{ name: 'a' }], nodeSelector: { x: 'y' } },
    (spec) => Object.assign(spec, { nodeSelector: {} }),
    /only additions are allowed/,
  ],
  [
    'resources',
    {},
    (spec) => Object.assign(spec.containers[0] ?? {}, { resources: { requests: { cpu: '2' } } }),
    /^spec: Forbidden/,
  ],
]
for (const [name, spec, change, error] of frozen) {
  test(`a pod may not change: ${name}`, () => {
    const found = updateFindings(pod(spec), (object) => change((object as Pod).spec))
    assert.ok(
      found.some((one) => error.test(one)),
      found.join('\n') || 'nothing was found',
    )
  })
}

type Limits = { requests?: object; limits?: object }
const sized = (resources: Limits, more: object = {}): object => ({ containers: [{ ...container, resources, ...more }] })
const both = { cpu: '1', memory: '1Gi' }
const restarts = { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] }
const sidecar = { name: 'i', image: 'i:1', resources: { requests: { cpu: '1' } } }
const resizes: [name: string, spec: object, change: (spec: Pod['spec']) => void, ...found: string[]][] = [
  [
    'up',
    sized({ requests: both, limits: both }),
    (spec) => resized(spec, { requests: { cpu: '2', memory: '2Gi' }, limits: { cpu: '2', memory: '2Gi' } }),
  ],
  ['a cpu limit added', sized({ requests: both }), (spec) => resized(spec, { requests: both, limits: { cpu: '3' } })],
  [
    'a memory limit added',
    sized({ requests: both }),
    (spec) => resized(spec, { requests: both, limits: { memory: '3Gi' } }),
    'spec.containers[0].resources.limits[memory]: Forbidden: memory limits cannot be added unless resizePolicy is RestartContainer',
  ],
  [
    'a memory limit lowered',
    sized({ requests: { cpu: '1' }, limits: { memory: '2Gi' } }),
    (spec) => resized(spec, { requests: { cpu: '1', memory: '2Gi' }, limits: { memory: '1Gi' } }),
    'spec.containers[0].resources.limits[memory]: Forbidden: memory limits cannot be decreased unless resizePolicy is RestartContainer',
    'spec.containers[0].resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi',
  ],
  [
    'a memory limit lowered by a restart',
    sized({ requests: { memory: '1' }, limits: { memory: '2Gi' } }, restarts),
    (spec) => resized(spec, { requests: { memory: '1' }, limits: { memory: '1Gi' } }),
  ],
  [
    'removed',
    sized({ requests: both, limits: { cpu: '3' } }),
    (spec) => resized(spec, { requests: { cpu: '1' } }),
    'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
    'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
  ],
  [
    'another class',
    sized({ requests: both, limits: both }),
    (spec) => resized(spec, { requests: { cpu: '500m', memory: '1Gi' }, limits: both }),
    'spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing',
  ],
  [
    'another resource',
    sized({ requests: both, limits: { 'example.com/x': '1' } }),
    (spec) => resized(spec, { requests: both, limits: { 'example.com/x': '2' } }),
    'spec: Forbidden: only cpu and memory resources are mutable',
  ],
  [
    'the policy',
    sized({ requests: both }),
    (spec) => Object.assign(spec.containers[0] ?? {}, restarts),
    'spec: Forbidden: only cpu and memory resources are mutable',
  ],
  [
    'an init container',
    { ...sized({ requests: both }), initContainers: [sidecar] },
    (spec) => Object.assign(spec.initContainers?.[0] ?? {}, { resources: { requests: { cpu: '2' } } }),
    'spec: Forbidden: resources for non-sidecar init containers are immutable',
  ],
  [
    'a sidecar',
    { ...sized({ requests: both }), initContainers: [{ ...sidecar, restartPolicy: 'Always' }] },
    (spec) => Object.assign(spec.initContainers?.[0] ?? {}, { resources: { requests: { cpu: '2' } } }),
  ],
  [
    'the image of a sidecar',
    { ...sized({ requests: both }), initContainers: [{ ...sidecar, restartPolicy: 'Always' }] },
    (spec) => Object.assign(spec.initContainers?.[0] ?? {}, { image: 'i:2' }),
    'spec: Forbidden: only cpu and memory resources for sidecar containers are mutable',
  ],
  [
    'windows',
    { ...sized({ requests: both }), os: { name: 'windows' } },
    (spec) => resized(spec, { requests: { cpu: '2', memory: '1Gi' } }),
    ': Forbidden: windows pods cannot be resized',
  ],
]
function resized(spec: Pod['spec'], resources: Limits): void {
  Object.assign(spec.containers[0] ?? {}, { resources: structuredClone(resources) })
}
for (const [name, spec, change, ...found] of resizes) {
  test(`resize: ${name}`, () => {
    const sent = updateFindings(pod(spec), (object) => change((object as Pod).spec), 'resize')
    assert.equal(sent.sort(), found.sort())
  })
}

test('a pod that runs on a node that says nothing of resources is not resized, nor is a mirror of a static one', () => {
  const kind = kindOf(pod())
  const old = created(pod(sized({ requests: both }))) as Pod
  const findingsOf = (change: (object: Pod) => unknown): string[] => {
    const before = structuredClone(old)
    change(before)
    const object = structuredClone(before)
    resized(object.spec, { requests: { cpu: '2', memory: '1Gi' } })
    const errors = kind.strategy.validateUpdate?.(object, before, 'resize') ?? []
    return errors.map(({ message }) => message)
  }
  const running = (more: object) => (object: Pod) =>
    Object.assign(object.status ?? {}, { containerStatuses: [{ name: 'c', state: { running: {} }, ...more }] })
  assert.equal(findingsOf(running({})), ['Forbidden: Pod running on node without support for resize'])
  assert.equal(findingsOf(running({ resources: {} })), [])
  const mirror = (object: Pod): unknown => Object.assign(object.metadata, { annotations: { 'kubernetes.io/config.mirror': 'x' } })
  assert.equal(findingsOf(mirror), ['Forbidden: static pods cannot be resized'])
})

test('subresources may change what the pod itself may not', () => {
  const resize = (object: object) =>
    Object.assign((object as Pod).spec.containers[0] ?? {}, { resources: { requests: { cpu: '2' } } })
  assert.equal(updateFindings(pod(sized({ requests: { cpu: '1' } })), resize, 'resize'), [])
  const bind = (object: object) => Object.assign((object as Pod).spec, { nodeName: 'n' })
  assert.equal(updateFindings(pod(), bind, 'binding'), [])
  assert.ok(updateFindings(pod(), bind, 'resize').length > 0)
  const debug = (object: object) => Object.assign((object as Pod).spec, { ephemeralContainers: [{ name: 'd', image: 'd:1' }] })
  assert.equal(updateFindings(pod(), debug, 'ephemeralcontainers'), [])
  assert.ok(updateFindings(pod(), debug).length > 0)
})

test('ephemeral containers are never taken away or changed', () => {
  const manifest = pod({ ephemeralContainers: [{ name: 'd', image: 'd:1' }] })
  const change = (list: object[]) => (object: object) => Object.assign((object as Pod).spec, { ephemeralContainers: list })
  assert.match(updateFindings(manifest, change([]), 'ephemeralcontainers').join(), /"d" may not be removed/)
  assert.match(
    updateFindings(manifest, change([{ name: 'd', image: 'd:2' }]), 'ephemeralcontainers').join(),
    /"d" may not be changed/,
  )
})

test('a negative grace reaches the store as the shortest', () => {
  const { object, findings: found } = updated(pod({ terminationGracePeriodSeconds: -1 }), () => undefined)
  assert.equal(found, [])
  assert.is((object as Pod).spec.terminationGracePeriodSeconds, 1)
})

test('status: an ended container stays ended, unless it may restart', () => {
  const ended = { name: 'c', ready: false, restartCount: 0, image: '', imageID: '', state: { terminated: { exitCode: 1 } } }
  const run = (restartPolicy: string, exitCode: number) => {
    const kind = kindOf({ apiVersion: 'v1', kind: 'Pod' })
    const old = created(pod({ restartPolicy })) as Pod
    old.status = { ...old.status, containerStatuses: [{ ...ended, state: { terminated: { exitCode } } }] }
    const object = structuredClone(old)
    Object.assign(object.status?.containerStatuses?.[0] ?? {}, { state: { running: {} } })
    return kind.strategy.validateStatusUpdate?.(object, freeze(old)).length
  }
  assert.is(run('Never', 1), 1)
  assert.is(run('Always', 1), 0)
  assert.is(run('OnFailure', 1), 0)
  assert.is(run('OnFailure', 0), 1)
})
