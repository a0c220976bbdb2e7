import { createHmac } from 'node:crypto'
import { assert, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import { exampleFile } from './examples.js'
import { create, podObject, podsPath, type Tree, until } from './objects.js'

const key = 'change me, I am an example'
const hourMs = 3_600_000

function signed(claims: object, by = key): string {
  const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
  return `${body}.${createHmac('sha256', by).update(body).digest('base64url')}`
}

test('admission-labels: Pods say who made them, and images without a tag are refused', async (t) => {
  const { connection } = await startCluster(t, { file: exampleFile('admission-labels') })
  const made = await create(connection, podsPath, podObject('labelled'))
  assert.is(made.metadata.labels['example.davit.dev/made-by'], 'davit-admin')
  const image = (image: string) => ({ containers: [{ name: 'main', image }] })
  await assert.rejects(
    create(connection, podsPath, podObject('untagged', image('registry.example:5000/web'))),
    /403.*image "registry.example:5000\/web" of container "main" has no tag/,
  )
  await create(connection, podsPath, podObject('digest', image(`web@sha256:${'0'.repeat(64)}`)))
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'plain' } }
  const other = await create(connection, '/api/v1/namespaces/default/configmaps', config)
  assert.is(other.metadata.labels, undefined)
})

test('authenticator-signed-token: a signature is an identity until its time is over', async (t) => {
  const { connection, connect } = await startCluster(t, { file: exampleFile('authenticator-signed-token') })
  const until = Date.now() + hourMs
  const admin = connect({ token: signed({ name: 'ann', groups: ['system:masters'], until }) })
  assert.ok((await admin.json<{ items: Tree[] }>('GET', '/api/v1/namespaces')).items.length > 0)
  const plain = connect({ token: signed({ name: 'bob', until }) })
  await assert.rejects(plain.json('GET', '/api/v1/namespaces'), /403 Forbidden.*User "bob" cannot list/)
  for (const token of [
    signed({ name: 'ann', groups: ['system:masters'], until: Date.now() - 1 }),
    signed({ name: 'ann', groups: ['system:masters'], until }, 'another key'),
    'no-token-of-ours',
    'a.b.c',
  ])
    await assert.rejects(connect({ token }).json('GET', '/api/v1/namespaces'), /401 Unauthorized/)
  assert.ok(await connection.json('GET', '/api/v1/namespaces'), 'certificates go on')
})

test('authorizer-office-hours: outside the hours a group reads and changes nothing', async (t) => {
  const hour = new Date().getUTCHours()
  // A window that is as far away as can be, whenever this runs.
  const [from, until] = hour < 12 ? [18, 20] : [3, 5]
  const { connect } = await startCluster(t, {
    file: exampleFile('authorizer-office-hours'),
    plugins: [
      { id: './index.ts', config: { from, until } },
      { id: exampleFile('authenticator-signed-token').replace('cluster.yaml', 'index.ts'), config: { key } },
      // Members of system:masters are not asked about; whoever may do everything by a role is.
      { id: 'authorizer-rbac' },
    ],
  })
  const admin = connect({ token: signed({ name: 'root', groups: ['system:masters'], until: Date.now() + hourMs }) })
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'everybody' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' }],
  }
  await create(admin, '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', binding)
  const intern = connect({ token: signed({ name: 'ivy', groups: ['interns'], until: Date.now() + hourMs }) })
  const user = connect({ token: signed({ name: 'una', groups: [], until: Date.now() + hourMs }) })
  await waitForRole(user)
  await intern.json('GET', podsPath)
  await assert.rejects(create(intern, podsPath, podObject('late')), /members of interns change things from \d+:00 to \d+:00 UTC/)
  await create(user, podsPath, podObject('in-time'))
})

function waitForRole(connection: Parameters<typeof create>[0]): Promise<unknown> {
  return until('the role is in force', () => connection.json('GET', podsPath).catch(() => undefined))
}

test('controller-config-copy: a labelled ConfigMap is in every namespace, as long as it is there', async (t) => {
  const { connection } = await startCluster(t, { file: exampleFile('controller-config-copy') })
  const path = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`
  const found = async (namespace: string) => {
    const { code, body } = await connection.raw('GET', `${path(namespace)}/rules`)
    return code === 200 ? (JSON.parse(body.toString()) as Tree) : undefined
  }
  const rules = (rule: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'rules', labels: { 'copy.example.davit.dev/to': 'all' } },
    data: { rule },
  })
  await create(connection, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'own' } })
  await create(connection, path('own'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'rules' },
    data: { rule: 'mine' },
  })
  await create(connection, path('default'), rules('be kind'))
  await until('a copy', async () => (await found('kube-system'))?.data.rule === 'be kind')
  assert.is((await found('own'))?.data.rule, 'mine', 'what others made is left alone')

  await create(connection, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'late' } })
  await until('a copy in a new namespace', async () => (await found('late'))?.data.rule === 'be kind')
  const options = { body: { data: { rule: 'be brief' } }, contentType: 'application/merge-patch+json' }
  await connection.json('PATCH', `${path('default')}/rules`, options)
  await until('a change in the copies', async () => (await found('late'))?.data.rule === 'be brief')
  await connection.json('DELETE', `${path('late')}/rules`)
  await until('a copy that somebody deleted', async () => (await found('late'))?.data.rule === 'be brief')
  await connection.json('DELETE', `${path('default')}/rules`)
  await until('no copies', async () => !(await found('late')) && !(await found('kube-system')))
  assert.is((await found('own'))?.data.rule, 'mine')
})

test('endpoint-whoami: which process answers', async (t) => {
  const { connection } = await startCluster(t, { file: exampleFile('endpoint-whoami') })
  const answer = await connection.json<Tree>('GET', '/davit/v1/whoami')
  assert.is(answer.process, process.pid)
  assert.type(answer.upSeconds, 'number')
})
