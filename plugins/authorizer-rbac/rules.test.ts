import type { AuthorizationRequest } from '@davit/core/api'
import { assert, suite } from '@davit/core/testing'
import { uncovered } from './coverage.js'
import { allows, type Rule } from './rules.js'

const nothing = { group: '', version: 'v1', resource: '', subresource: '', namespace: '', name: '', path: '' }
const request = (verb: string, asked: Partial<AuthorizationRequest>): AuthorizationRequest => ({
  ...nothing,
  ...asked,
  verb,
  user: { name: 'alice', groups: [] },
})
const pods = (verbs: readonly string[], more: Partial<Rule> = {}): Rule => ({
  apiGroups: [''],
  resources: ['pods'],
  verbs,
  ...more,
})
const all: Rule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }

const asking = suite('a rule')
for (const [name, rule, asked, expected] of [
  ['allows what it names', pods(['get']), request('get', { resource: 'pods', name: 'a' }), true],
  ['allows no other verb', pods(['get']), request('delete', { resource: 'pods' }), false],
  ['allows no other resource', pods(['get']), request('get', { resource: 'secrets' }), false],
  ['allows no other group', pods(['get']), request('get', { group: 'metrics.k8s.io', resource: 'pods' }), false],
  [
    'of a resource says nothing of its parts',
    pods(['create']),
    request('create', { resource: 'pods', subresource: 'exec' }),
    false,
  ],
  [
    'of a part says nothing of the resource',
    pods(['get'], { resources: ['pods/log'] }),
    request('get', { resource: 'pods' }),
    false,
  ],
  [
    'of a part allows it',
    pods(['get'], { resources: ['pods/log'] }),
    request('get', { resource: 'pods', subresource: 'log' }),
    true,
  ],
  [
    'of a part of everything',
    pods(['update'], { resources: ['*/scale'] }),
    request('update', { resource: 'pods', subresource: 'scale' }),
    true,
  ],
  [
    'has no stars behind a resource',
    pods(['create'], { resources: ['pods/*'] }),
    request('create', { resource: 'pods', subresource: 'exec' }),
    false,
  ],
  ['of everything allows parts', all, request('create', { resource: 'pods', subresource: 'exec' }), true],
  ['with names allows those', pods(['get'], { resourceNames: ['a'] }), request('get', { resource: 'pods', name: 'a' }), true],
  [
    'with names allows no others',
    pods(['get'], { resourceNames: ['a'] }),
    request('get', { resource: 'pods', name: 'b' }),
    false,
  ],
  ['with names allows no list', pods(['list'], { resourceNames: ['a'] }), request('list', { resource: 'pods' }), false],
  ['of resources allows no path', all, request('get', { path: '/metrics' }), false],
  ['of a path', { verbs: ['get'], nonResourceURLs: ['/metrics'] }, request('get', { path: '/metrics' }), true],
  ['of a path allows none below', { verbs: ['get'], nonResourceURLs: ['/api'] }, request('get', { path: '/api/v1' }), false],
  ['of all paths below', { verbs: ['get'], nonResourceURLs: ['/api/*'] }, request('get', { path: '/api/v1' }), true],
  ['of all paths allows no resource', { verbs: ['*'], nonResourceURLs: ['*'] }, request('get', { resource: 'pods' }), false],
] as const) {
  asking(name, () => assert.is(allows(rule, asked), expected))
}

const covering = suite('who holds')
for (const [name, held, wanted, lacking] of [
  ['nothing lacks all of it', [], [pods(['get', 'list'])], [pods(['get']), pods(['list'])]],
  ['everything lacks nothing', [all], [all, pods(['get'], { resources: ['pods/exec'] })], []],
  ['a part lacks the rest', [pods(['get'])], [pods(['get', 'delete'])], [pods(['delete'])]],
  ['it in several rules lacks nothing', [pods(['get']), pods(['list'])], [pods(['get', 'list'])], []],
  ['every verb by name lacks the star', [pods(['get', 'list'])], [pods(['*'])], [pods(['*'])]],
  ['every resource but not every group', [{ ...all, apiGroups: [''] }], [all], [all]],
  ['a name lacks the others', [pods(['get'], { resourceNames: ['a'] })], [pods(['get'])], [pods(['get'])]],
  ['all names lacks no name', [pods(['get'])], [pods(['get'], { resourceNames: ['a', 'b'] })], []],
  [
    'one name of two',
    [pods(['get'], { resourceNames: ['a'] })],
    [pods(['get'], { resourceNames: ['a', 'b'] })],
    [pods(['get'], { resourceNames: ['b'] })],
  ],
  [
    'the resource lacks its parts',
    [pods(['get'])],
    [pods(['get'], { resources: ['pods/log'] })],
    [pods(['get'], { resources: ['pods/log'] })],
  ],
  ['the part of everything', [pods(['get'], { resources: ['*/log'] })], [pods(['get'], { resources: ['pods/log'] })], []],
  [
    'paths by their beginning',
    [{ verbs: ['get'], nonResourceURLs: ['/api/*'] }],
    [{ verbs: ['get'], nonResourceURLs: ['/api/v1', '/apis'] }],
    [{ verbs: ['get'], nonResourceURLs: ['/apis'] }],
  ],
  [
    'all resources lacks paths',
    [all],
    [{ verbs: ['get'], nonResourceURLs: ['*'] }],
    [{ verbs: ['get'], nonResourceURLs: ['*'] }],
  ],
] as [string, Rule[], Rule[], Rule[]][]) {
  covering(name, () => assert.equal(uncovered(held, wanted), lacking))
}
