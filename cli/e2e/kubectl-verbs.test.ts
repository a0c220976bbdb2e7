// @timeout 600
// @serial client
/** Each verb of kubectl that concerns the API, as it was released over five years, on simulated nodes and one that runs processes. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, type TestContext, test } from '@davit/core/testing'
import { released } from './clients.js'
import { Cluster, eventually } from './cluster.js'
import { type Following, Kubectl } from './kubectl.js'
import { type Line, withDifferences, wrongLines } from './kubectl-lines.js'
import { differences } from './kubectl-versions.js'
import { allLines, oneOfEach, verbFiles } from './verb-lines.js'
import { workloadFiles, workloadLines } from './workload-lines.js'

const workloads = 'workloads'
const idOf = (session: string): string => session.replace('.', '-')
const nodeOf = (session: string): string => `sim-${idOf(session)}`

/** One simulated node for each session to cordon and drain, one that always stays, and one whose Pods are processes. */
async function start(t: TestContext, sessions: readonly string[]): Promise<Cluster> {
  const simulated = [...sessions.map(nodeOf), 'sim'].map((name) => ({ name, runtime: 'cri-hollow' }))
  const nodes = [...simulated, { name: 'real', runtime: 'cri-process' }]
  const file = path.join(await t.directory(), 'cluster.yaml')
  const plugins = [{ id: 'node-agent', config: { nodes } }]
  const config = { apiVersion: 'davit.dev/v1', kind: 'ClusterConfig', nodes: [{ proxy: { id: 'none' } }], plugins }
  await writeFile(file, JSON.stringify(config))
  const cluster = await Cluster.start('--config', file)
  t.defer(() => cluster.stop())
  // There are no images there, so only who asks for this node by name gets it.
  const taints = { body: { spec: { taints: [{ key: 'processes', effect: 'NoSchedule' }] } } }
  await cluster.connection.json('PATCH', '/api/v1/nodes/real', { ...taints, contentType: 'application/merge-patch+json' })
  return cluster
}

async function find(following: Following, pattern: RegExp): Promise<string> {
  return eventually(`${pattern}`, async () => pattern.exec(following.output())?.[1])
}

/** The verbs that go on until somebody ends them. */
async function wrongStreams(t: TestContext, kubectl: Kubectl, namespace: string): Promise<string[]> {
  const attached = await kubectl.run(['attach', '-i', 'talker'], { input: 'you\n' })
  const forward = kubectl.follow(t, 'port-forward', 'deploy/web', ':80')
  const proxy = kubectl.follow(t, 'proxy', '--port=0')
  const port = await find(forward, /Forwarding from 127\.0\.0\.1:(\d+) -> 80/)
  const answered = await (await fetch(`http://127.0.0.1:${port}/`)).text()
  const address = await find(proxy, /Starting to serve on (\S+)\n/)
  const proxied = await (await fetch(`http://${address}/api/v1/namespaces/${namespace}/configmaps/cm`)).text()
  await Promise.all([forward.stop(), proxy.stop()])
  return [
    ...(/heard you/.test(attached.stdout) ? [] : [`attach: exit ${attached.code}: ${attached.stdout}${attached.stderr}`]),
    ...(answered === 'ok\n' ? [] : [`port-forward: ${answered}`]),
    ...(/"data": ?\{"a": ?"b"\}/.test(proxied) ? [] : [`proxy: ${proxied}`]),
  ]
}

test(
  'every verb does what it says, in the words that it has for Kubernetes',
  async (t) => {
    const versions = await released('kubectl')
    const names = versions.map(([version]) => version)
    const [oldest, newest] = [names[0] ?? '', names.at(-1) ?? '']
    const cluster = await start(t, [...names, workloads])
    const check = async (session: string, version: string): Promise<string[]> => {
      const home = await t.directory()
      const id = idOf(session)
      const words = new Map([
        ['one', nodeOf(session)],
        ['verbs', `verbs-${id}`],
        ['asker', `asker-${id}`],
        ['denied', `denied-${id}`],
        ['BACK', path.join(home, 'BACK')],
      ])
      for (const [name, text] of Object.entries({ ...verbFiles(id), ...workloadFiles(nodeOf(session)) })) {
        words.set(name, path.join(home, name))
        await writeFile(path.join(home, name), text)
      }
      const plain = new Kubectl(new Map(versions).get(version) ?? '', ['--kubeconfig', cluster.kubeconfig], home)
      await plain.said('create', 'namespace', `verbs-${id}`)
      const kubectl = plain.with('--namespace', `verbs-${id}`)
      const env = { EDITOR: 'sed -i s/mode:.two/mode:\\ edited/' }
      const say = (lines: readonly Line[]): Promise<string[]> =>
        wrongLines(kubectl, withDifferences(lines, differences[version] ?? {}), words, env)
      const { before, after } = version === oldest || version === newest ? allLines : oneOfEach
      const wrong =
        session === workloads
          ? await say(workloadLines)
          : [...(await say(before)), ...(await wrongStreams(t, kubectl, `verbs-${id}`)), ...(await say(after))]
      return wrong.map((line) => `${session}: ${line}`)
    }
    const found = await Promise.all([...names.map((name) => check(name, name)), check(workloads, newest)])
    assert.equal(found.flat(), [])
  },
  { requires: ['clients', 'root', 'netns'], timeoutMs: 570_000 },
)
