/** A Pod's program speaks to the API with nothing but what every Pod has: a token, a certificate and two variables. */
import { assert, test } from '@davit/core/testing'
import { Cluster, eventually, pods, readyPods, type Tree } from './cluster.js'

export interface PodApiSubject {
  readonly runtime: 'docker' | 'process'
  readonly requires: readonly ('docker' | 'iptables' | 'root' | 'netns')[]
  /** Before the first Pod: images. */
  prepare(): Promise<void>
}

/** As client libraries do it inside a cluster. */
const program = `
import { readFileSync, statSync } from 'node:fs'
import https from 'node:https'
const at = '/var/run/secrets/kubernetes.io/serviceaccount'
const read = (name) => readFileSync(at + '/' + name, 'utf8')
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
const [path] = process.argv.slice(2)
if (path === 'files') {
  const mode = (statSync(at + '/token').mode & 0o777).toString(8)
  console.log(JSON.stringify({ host, port, namespace: read('namespace'), mode, token: read('token') }))
} else {
  const options = { host, port, path, ca: read('ca.crt'), headers: { authorization: 'Bearer ' + read('token') }, timeout: 5000 }
  const request = https.get(options, (response) => {
    let text = ''
    response.on('data', (chunk) => { text += chunk })
    response.on('end', () => console.log(response.statusCode + ' ' + text.replace(/\\s+/g, ' ').slice(0, 300)))
  })
  request.on('timeout', () => request.destroy(new Error('no answer')))
  request.on('error', (error) => console.log('error ' + error.message))
}
`
const base = '/api/v1/namespaces/default'
const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'

function clientPod(name: string, account: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      serviceAccountName: account,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'main',
          image: 'davit.local/node:20',
          imagePullPolicy: 'IfNotPresent',
          command: ['node', '-e', 'setInterval(() => {}, 1000)'],
          volumeMounts: [{ name: 'app', mountPath: '/app', readOnly: true }],
        },
      ],
      volumes: [{ name: 'app', configMap: { name: 'client' } }],
    },
  }
}

export function podApiSuite(subject: PodApiSubject): void {
  test(
    'a Pod speaks to the API under its account, may what a Role says, and ends with its account',
    async (t) => {
      await subject.prepare()
      const cluster = await Cluster.start('--runtime', subject.runtime, '--proxy', 'iptables')
      t.defer(() => cluster.stop())
      const make = async (collection: string, body: object): Promise<Tree> =>
        cluster.connection.json('POST', collection, { body })
      const ask = async (path: string): Promise<string> => cluster.davit('exec', 'client', '--', 'node', '/app/ask.mjs', path)

      await make(`${base}/configmaps`, { metadata: { name: 'client' }, data: { 'ask.mjs': program } })
      await make(`${base}/serviceaccounts`, { metadata: { name: 'robot' } })
      await make(pods, clientPod('client', 'robot'))
      await readyPods(cluster, 'client', 1)

      const files = JSON.parse(await ask('files')) as Record<string, string>
      assert.equal([files.host, files.port, files.namespace, files.mode], ['10.96.0.1', '443', 'default', '644'])
      const who = 'User \\"system:serviceaccount:default:robot\\" cannot list resource \\"pods\\"'
      assert.match(
        await eventually('the service answers', async () => {
          const answer = await ask(pods)
          return !answer.startsWith('error') && answer
        }),
        who,
      )

      await make(`${rbac}/roles`, {
        metadata: { name: 'reader' },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
      })
      await make(`${rbac}/rolebindings`, {
        metadata: { name: 'readers' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
      })
      assert.match(
        await eventually('it may', async () => {
          const answer = await ask(pods)
          return answer.startsWith('200') && answer
        }),
        'PodList',
      )
      assert.match(await ask(`${pods}/client`), /^200 .*"kind": ?"Pod"/)
      for (const path of [
        `${base}/secrets`,
        `${base}/configmaps/client`,
        '/api/v1/namespaces/kube-system/pods',
        '/api/v1/nodes',
      ]) {
        assert.match(await ask(path), /^403 /, path)
      }

      const { token } = files
      const review = (audiences: readonly string[]): Promise<Tree> =>
        make('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token, audiences } })
      const { status } = await review([])
      assert.is(status.user.username, 'system:serviceaccount:default:robot')
      assert.equal(status.user.extra['authentication.kubernetes.io/pod-name'], ['client'])
      assert.is((await review(['elsewhere'])).status.authenticated, undefined)

      await cluster.connection.json('DELETE', `${base}/serviceaccounts/robot`)
      await eventually('its token is none any more', async () => {
        const answer = await ask(pods)
        if (!answer.startsWith('401 ')) throw new Error(answer)
        return true
      })
    },
    { requires: subject.requires, timeoutMs: 120_000 },
  )
}
