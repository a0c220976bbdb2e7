import type { RequestRecord } from '@davit/core/api'
import { assert, suite } from '@davit/core/testing'
import { type AuditRule, decide } from './policy.js'
import { policyOf } from './read-policy.js'

type Target = NonNullable<RequestRecord['target']>
const record = (verb: string, target: Partial<Target> | undefined, more: Partial<RequestRecord> = {}): RequestRecord => ({
  id: '1',
  received: 0,
  verb,
  uri: '/metrics?x=1',
  userAgent: '',
  sourceIPs: [],
  ...(target && { target: { group: '', version: 'v1', resource: 'pods', namespace: 'default', name: 'web', ...target } }),
  user: { name: 'alice', groups: ['dev', 'system:authenticated'] },
  code: 0,
  ...more,
})
const getPod = record('get', {})
const getLog = record('get', { subresource: 'log' })
const getPath = record('get', undefined)

const fitting = suite('a rule')
for (const [name, rule, asked, fits] of [
  ['without conditions', {}, getPod, true],
  ['without conditions, of paths', {}, getPath, true],
  ['of a user', { users: ['alice'] }, getPod, true],
  ['of another user', { users: ['bob'] }, getPod, false],
  ['of nobody known', { users: ['alice'] }, { ...getPod, user: undefined }, false],
  ['of a group', { userGroups: ['ops', 'dev'] }, getPod, true],
  ['of another group', { userGroups: ['ops'] }, getPod, false],
  ['of a verb', { verbs: ['get', 'list'] }, getPod, true],
  ['of another verb', { verbs: ['list'] }, getPod, false],
  ['of a namespace', { namespaces: ['default'] }, getPod, true],
  ['of another namespace', { namespaces: ['kube-system'] }, getPod, false],
  ['of what has no namespace', { namespaces: [''] }, record('get', { resource: 'nodes', namespace: '' }), true],
  ['of a namespace has no paths', { namespaces: [''] }, getPath, false],
  ['of a group of the API', { resources: [{ group: '' }] }, getPod, true],
  ['of another group of the API', { resources: [{ group: 'apps' }] }, getPod, false],
  ['of a resource', { resources: [{ group: '', resources: ['pods'] }] }, getPod, true],
  ['of a resource has no parts', { resources: [{ group: '', resources: ['pods'] }] }, getLog, false],
  ['of a part', { resources: [{ resources: ['pods/log'] }] }, getLog, true],
  ['of all parts', { resources: [{ resources: ['pods/*'] }] }, getLog, true],
  ['of all parts has not the whole', { resources: [{ resources: ['pods/*'] }] }, getPod, false],
  ['of a part of everything', { resources: [{ resources: ['*/log'] }] }, getLog, true],
  ['of everything', { resources: [{ resources: ['*'] }] }, getLog, true],
  ['of a name', { resources: [{ resources: ['pods'], resourceNames: ['web'] }] }, getPod, true],
  ['of another name', { resources: [{ resources: ['pods'], resourceNames: ['db'] }] }, getPod, false],
  ['of a path', { nonResourceURLs: ['/metrics'] }, getPath, true],
  ['of paths below', { nonResourceURLs: ['/met*'] }, getPath, true],
  ['of all paths', { nonResourceURLs: ['*'] }, getPath, true],
  ['of another path', { nonResourceURLs: ['/healthz*'] }, getPath, false],
  ['of all paths has no resources', { nonResourceURLs: ['*'] }, getPod, false],
] as [string, Partial<AuditRule>, RequestRecord, boolean][]) {
  fitting(name, () => {
    const policy = { omitStages: [], omitManagedFields: false, rules: [{ level: 'Metadata', ...rule } as AuditRule] }
    assert.is(decide(policy, asked).level, fits ? 'Metadata' : 'None')
  })
}

fitting('the first that fits decides, and adds to what the policy leaves out', () => {
  const policy = policyOf({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    omitManagedFields: true,
    rules: [
      { level: 'None', verbs: ['list'] },
      { level: 'Request', resources: [{ resources: ['pods'] }], omitStages: ['ResponseStarted'], omitManagedFields: false },
      { level: 'Metadata' },
    ],
  })
  assert.is(decide(policy, record('list', {})).level, 'None')
  const request = { level: 'Request', omitStages: ['RequestReceived', 'ResponseStarted'], omitManagedFields: false }
  assert.equal(decide(policy, getPod), request)
  assert.equal(decide(policy, getLog), { level: 'Metadata', omitStages: ['RequestReceived'], omitManagedFields: true })
})

const reading = suite('a policy')
const head = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' }
for (const [tree, wrong] of [
  ['text', 'must be an object'],
  [{ rules: [{ level: 'None' }] }, 'apiVersion and kind are required'],
  [{ ...head, apiVersion: 'audit.k8s.io/v1beta1' }, 'apiVersion must be one of audit.k8s.io/v1'],
  [head, 'rules must hold at least one rule'],
  [{ ...head, rules: [{}] }, 'rules[0].level is required'],
  [{ ...head, rules: [{ level: 'All' }] }, 'rules[0].level must be one of None, Metadata, Request, RequestResponse'],
  [{ ...head, rules: [{ level: 'None', user: ['a'] }] }, 'rules[0].user is not known'],
  [{ ...head, rules: [{ level: 'None', users: 'a' }] }, 'rules[0].users must be a list'],
  [{ ...head, rules: [{ level: 'None', verbs: [1] }] }, 'rules[0].verbs[0] must be text'],
  [{ ...head, rules: [{ level: 'None', resources: [{ names: [] }] }] }, 'rules[0].resources[0].names is not known'],
  [{ ...head, rules: [{ level: 'None', resources: [{ resourceNames: ['a'] }] }] }, 'requires at least one resource'],
  [{ ...head, rules: [{ level: 'None', namespaces: ['a'], nonResourceURLs: ['/'] }] }, 'cannot apply to both'],
  [{ ...head, rules: [{ level: 'None', nonResourceURLs: ['x'] }] }, 'must begin with a slash'],
  [{ ...head, rules: [{ level: 'None', nonResourceURLs: ['/a*b'] }] }, 'at its end alone'],
  [{ ...head, omitStages: ['Later'], rules: [{ level: 'None' }] }, 'omitStages[0] must be one of'],
  [{ ...head, rules: [{ level: 'None', constructor: [] }] }, 'rules[0].constructor is not known'],
] as [unknown, string][]) {
  reading(`that is wrong is refused: ${wrong}`, () => {
    assert.throws(
      () => policyOf(tree),
      (error: Error) => error.message.includes(wrong),
    )
  })
}
