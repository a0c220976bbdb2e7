// @serial machine
// @timeout 300
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { eventually, type Tree } from './cluster.js'
import { busybox, deployment, onDocker, service, startKube, warnings } from './kubectl.js'

const sleeper = {
  terminationGracePeriodSeconds: 1,
  containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'] }],
}

test(
  'a user may do what a role says, and hears in Kubernetes’ words what not',
  async (t) => {
    const tokens = path.join(await t.directory(), 'tokens.csv')
    await writeFile(tokens, 'secret-of-jane,jane,u1,"developers"\nsecret-of-root,root,u2,"system:masters"\n', { mode: 0o600 })
    const { cluster, kubectl } = await startKube(t, '--token-auth-file', tokens)
    const server = await kubectl.said('config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}')
    const as = (token: string) =>
      kubectl.with('--kubeconfig', '/dev/null', '--server', server, '--insecure-skip-tls-verify', '--token', token)
    const jane = as('secret-of-jane')
    assert.match(await as('secret-of-root').said('get', 'nodes'), 'Ready')
    assert.match((await as('guess').run(['get', 'pods'])).stderr, 'You must be logged in to the server (Unauthorized)')

    const forbidden =
      'Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"'
    assert.is((await jane.run(['get', 'pods'])).stderr, `${forbidden}\n`)
    await kubectl.said('create', 'role', 'reader', '--verb=get,list,watch', '--resource=pods,pods/log')
    await kubectl.said('create', 'rolebinding', 'readers', '--role=reader', '--group=developers')
    await kubectl.apply(busybox('one', 'echo hello; exec sleep 1000'))
    await kubectl.said('wait', 'pod/one', '--for=condition=Ready', '--timeout=60s')
    assert.match(await jane.said('get', 'pods'), /one\s+1\/1\s+Running/)
    await jane.logged('hello\n', 'one')
    assert.match(
      (await jane.run(['exec', 'one', '--', 'id'])).stderr,
      'cannot create resource "pods/exec" in API group "" in the namespace "default"',
    )
    assert.match(
      (await jane.run(['delete', 'pod', 'one'])).stderr,
      'pods "one" is forbidden: User "jane" cannot delete resource "pods"',
    )
    assert.match((await jane.run(['get', 'pods', '-n', 'kube-system'])).stderr, 'in the namespace "kube-system"')
    assert.match((await jane.run(['get', 'nodes'])).stderr, 'cannot list resource "nodes" in API group "" at the cluster scope')
    assert.is((await jane.run(['auth', 'can-i', 'delete', 'pods'])).stdout, 'no\n')
    assert.is(await jane.said('auth', 'can-i', 'get', 'pods'), 'yes\n')

    await kubectl.said('delete', 'rolebinding', 'readers')
    await eventually('she is refused again', async () => (await jane.run(['get', 'pods'])).stderr === `${forbidden}\n`)
    await kubectl.said('create', 'clusterrolebinding', 'viewers', '--clusterrole=view', '--user=jane')
    assert.match(await eventually('she sees again', () => jane.said('get', 'pods', '-A')), 'one')
    assert.match((await jane.run(['get', 'secrets'])).stderr, 'cannot list resource "secrets"')
    assert.equal(warnings(cluster), [])
  },
  onDocker,
)

test(
  'what an owner made goes with it, unless it is orphaned',
  async (t) => {
    const { cluster, kubectl } = await startKube(t)
    const count = async (kind: string, label: string): Promise<number> =>
      (await kubectl.json(kind, '-l', `app=${label}`)).items.length
    const start = async (name: string) => {
      await kubectl.apply(deployment(name, 2, sleeper), service(name))
      await kubectl.said('rollout', 'status', `deployment/${name}`, '--timeout=60s')
    }
    await start('background')
    await kubectl.said('delete', 'deployment', 'background')
    await eventually(
      'its sets and Pods are gone',
      async () => (await count('replicasets', 'background')) + (await count('pods', 'background')) === 0,
    )
    await kubectl.said('delete', 'service', 'background')
    const slices = async () => (await kubectl.json('endpointslices', '-l', 'kubernetes.io/service-name=background')).items.length
    await eventually('the slices are gone', async () => (await slices()) === 0)

    await start('foreground')
    await kubectl.said('delete', 'deployment', 'foreground', '--cascade=foreground', '--timeout=60s')
    assert.is((await count('replicasets', 'foreground')) + (await count('pods', 'foreground')), 0, 'they went first')

    await start('orphans')
    const before = (await kubectl.json('pods', '-l', 'app=orphans')).items.map((pod: Tree) => pod.metadata.uid).sort()
    await kubectl.said('delete', 'deployment', 'orphans', '--cascade=orphan')
    const owners = async () =>
      (await kubectl.json('replicasets', '-l', 'app=orphans')).items.map(
        (set: { metadata: { ownerReferences?: unknown } }) => set.metadata.ownerReferences,
      )
    await eventually('a set without owner', async () => JSON.stringify(await owners()) === '[null]')
    const after = (await kubectl.json('pods', '-l', 'app=orphans')).items.map((pod: Tree) => pod.metadata.uid).sort()
    assert.equal(after, before)

    await kubectl.said('create', 'namespace', 'brief')
    await kubectl.with('-n', 'brief').apply(deployment('inside', 1, sleeper), service('inside'))
    await kubectl.said('rollout', 'status', '-n', 'brief', 'deployment/inside', '--timeout=60s')
    await kubectl.said('delete', 'namespace', 'brief', '--timeout=60s')
    assert.match((await kubectl.run(['get', 'namespace', 'brief'])).stderr, 'namespaces "brief" not found')
    assert.equal(warnings(cluster), [])
  },
  onDocker,
)
