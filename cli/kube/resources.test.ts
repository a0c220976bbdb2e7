import { assert, test } from '@davit/core/testing'
import { type ApiResource, base, resolveNames, resourceOf, resourcePath, typeAndNames } from './resources.js'

const verbs = ['get', 'list']
const pods: ApiResource = {
  ...{ name: 'pods', singularName: 'pod', kind: 'Pod', groupVersion: 'v1', namespaced: true, scalable: false, verbs },
  shortNames: ['po'],
  categories: ['all'],
}
const nodes: ApiResource = {
  name: 'nodes',
  singularName: 'node',
  kind: 'Node',
  groupVersion: 'v1',
  namespaced: false,
  scalable: false,
  verbs,
}
const deployments: ApiResource = {
  ...{
    name: 'deployments',
    singularName: 'deployment',
    kind: 'Deployment',
    groupVersion: 'apps/v1',
    namespaced: true,
    scalable: true,
    verbs,
  },
  shortNames: ['deploy'],
  categories: ['all'],
}
const events: ApiResource = { ...pods, name: 'events', singularName: 'event', kind: 'Event', shortNames: ['ev'], categories: [] }
const newEvents: ApiResource = { ...events, groupVersion: 'events.k8s.io/v1' }
const all = [pods, nodes, events, deployments, newEvents]
const names = (typed: string) => resolveNames(all, typed).map((resource) => `${resource.name}.${resource.groupVersion}`)

for (const word of ['pods', 'pod', 'po', 'Pod', 'PODS', 'pods.', 'po.']) {
  test(`"${word}" are Pods`, () => assert.equal(names(word), ['pods.v1']))
}
test('a group tells resources of one name apart, and without it the core group comes first', () => {
  assert.equal(names('events'), ['events.v1'])
  assert.equal(names('events.events.k8s.io'), ['events.events.k8s.io/v1'])
  assert.equal(names('deploy.apps'), ['deployments.apps/v1'])
})
test('a category and a list with commas are many', () => {
  assert.equal(names('all'), ['pods.v1', 'deployments.apps/v1'])
  assert.equal(names('po,no'.replace('no', 'node')), ['pods.v1', 'nodes.v1'])
})
test('a word that the server does not know is said', () => {
  assert.fails(() => names('potatoes'), 'the server has no resource "potatoes"')
})

test('TYPE NAMES, or TYPE/NAME as often as wanted', () => {
  assert.equal(typeAndNames(['pods']), [{ type: 'pods', names: [] }])
  assert.equal(typeAndNames(['pod', 'a', 'b']), [{ type: 'pod', names: ['a', 'b'] }])
  assert.equal(typeAndNames(['pod/a', 'svc/b']), [
    { type: 'pod', names: ['a'] },
    { type: 'svc', names: ['b'] },
  ])
})
for (const words of [[], ['pod/'], ['/a'], ['pod/a', 'b'], ['pod/a/b'], ['pod', 'svc/b']]) {
  test(`${JSON.stringify(words)} is refused`, () => void assert.fails(() => typeAndNames(words)))
}

test('paths have the namespace where there is one, and names are escaped', () => {
  assert.is(base('v1'), '/api/v1')
  assert.is(resourcePath(pods, 'play', 'a b'), '/api/v1/namespaces/play/pods/a%20b')
  assert.is(resourcePath(pods, undefined), '/api/v1/pods')
  assert.is(resourcePath(nodes, 'play', 'one'), '/api/v1/nodes/one')
  assert.is(resourcePath(deployments, 'play'), '/apis/apps/v1/namespaces/play/deployments')
})
test('apiVersion and kind must both be served', () => {
  assert.is(resourceOf(all, 'apps/v1', 'Deployment'), deployments)
  assert.fails(() => resourceOf(all, 'apps/v1beta1', 'Deployment'), 'no kind "Deployment" in "apps/v1beta1"')
})
