import { assert, suite } from '@davit/core/testing'
import { hostPorts, nodeName, resourceFit, unschedulable } from './fit.js'
import { asking, node, pod, verdict } from './testing.js'

const cordoned = suite('unschedulable')
const cordon = node({ spec: { unschedulable: true } })
const cordonKey = 'node.kubernetes.io/unschedulable'
for (const [name, about, where, expected] of [
  ['a node that is not cordoned does', pod(), node(), ''],
  ['a cordoned one does not', pod(), cordon, 'node(s) were unschedulable (for good)'],
  ['a toleration of the cordon lets it', pod({ tolerations: [{ key: cordonKey, operator: 'Exists' }] }), cordon, ''],
  ['a toleration of everything lets it', pod({ tolerations: [{ operator: 'Exists' }] }), cordon, ''],
  [
    'one of another effect does not',
    pod({ tolerations: [{ key: cordonKey, operator: 'Exists', effect: 'NoExecute' }] }),
    cordon,
    'node(s) were unschedulable (for good)',
  ],
] as const) {
  cordoned(name, () => assert.is(verdict(unschedulable, about, where), expected))
}

const named = suite('nodeName')
named('without a name every node does', () => assert.is(verdict(nodeName, pod(), node()), ''))
named('the named one does', () => assert.is(verdict(nodeName, pod({ nodeName: 'one' }), node()), ''))
named('another does not', () =>
  assert.is(verdict(nodeName, pod({ nodeName: 'two' }), node()), "node(s) didn't match the requested node name (for good)"),
)

const ports = suite('hostPorts')
const taken = "node(s) didn't have free ports for the requested pod ports"
const on = (hostPort: number, protocol = 'TCP', hostIP?: string) => ({
  containers: [{ ...asking({}), ports: [{ containerPort: 80, hostPort, protocol, ...(hostIP !== undefined && { hostIP }) }] }],
})
for (const [name, wanted, there, expected] of [
  ['a free port', on(80), on(81), ''],
  ['a taken one', on(80), on(80), taken],
  ['another protocol', on(53, 'UDP'), on(53), ''],
  ['another address', on(80, 'TCP', '10.0.0.1'), on(80, 'TCP', '10.0.0.2'), ''],
  ['the same address', on(80, 'TCP', '10.0.0.1'), on(80, 'TCP', '10.0.0.1'), taken],
  ['every address, where one is taken', on(80), on(80, 'TCP', '10.0.0.1'), taken],
  ['one address, where all are taken', on(80, 'TCP', '10.0.0.1'), on(80), taken],
  ['an empty address is every address', on(80, 'TCP', ''), on(80, 'TCP', '10.0.0.1'), taken],
  ['none at all', {}, on(80), ''],
] as const) {
  ports(name, () => assert.is(verdict(hostPorts, pod(wanted), node({ pods: [there] })), expected))
}

const fits = suite('resourceFit')
const containers = (requests: Record<string, string>) => ({ containers: [asking(requests)] })
const small = { cpu: '2', memory: '1Gi', 'ephemeral-storage': '10G', 'example.com/gpu': '2', pods: '2' }
for (const [name, requests, there, expected] of [
  ['what is just enough', { cpu: '2', memory: '1Gi', 'ephemeral-storage': '10G', 'example.com/gpu': '2' }, [], ''],
  ['too little cpu', { cpu: '2001m' }, [], 'Insufficient cpu'],
  ['too little memory', { memory: '1073741825' }, [], 'Insufficient memory'],
  ['too little storage', { 'ephemeral-storage': '11G' }, [], 'Insufficient ephemeral-storage'],
  ['too few devices', { 'example.com/gpu': '3' }, [], 'Insufficient example.com/gpu'],
  ['a device that it has not', { 'example.com/fpga': '1' }, [], 'Insufficient example.com/fpga'],
  ['none of a device that it has not', { 'example.com/fpga': '0' }, [], ''],
  ['what others have taken', { cpu: '1', 'example.com/gpu': '2' }, [{ 'example.com/gpu': '1' }], 'Insufficient example.com/gpu'],
  ['no room for one more', {}, [{}, {}], 'Too many pods'],
  ['nothing of what is overcommitted', { memory: '1' }, [{ cpu: '5' }], ''],
] as const) {
  fits(name, () => {
    const where = node({ allocatable: small, pods: there.map((each) => containers(each)) })
    assert.is(verdict(resourceFit, pod(containers(requests)), where), expected)
  })
}
fits('a node that says nothing of Pods takes none', () => {
  assert.is(verdict(resourceFit, pod(), node({ allocatable: { pods: '0' } })), 'Too many pods')
})
