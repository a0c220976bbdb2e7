/** The main promise, on whichever runtime: apply a Deployment and a Service, and they heal, answer and survive. */
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { Cluster, eventually, examples, fetchText, pods, readyPods, type Tree } from './cluster.js'

export interface RuntimeUnderTest {
  readonly runtime: 'docker' | 'process'
  readonly requires: readonly ('docker' | 'iptables' | 'root' | 'netns')[]
  /** Before the first Pod: images. */
  prepare(): Promise<void>
  /** Kills the program of the Pod's only container, as a fault would. */
  killContainer(pod: Tree): Promise<void>
  /** What tells the containers of these Pods from ones that were started anew: ids and start times. */
  running(pods: readonly Tree[]): Promise<readonly string[]>
}

export function helloSuite(subject: RuntimeUnderTest): void {
  const options = { requires: subject.requires, timeoutMs: 120_000 }
  const start = async () => {
    await subject.prepare()
    return Cluster.start('--runtime', subject.runtime, '--proxy', 'iptables')
  }
  const applyHello = async (cluster: Cluster) => {
    await cluster.davit('apply', '-f', path.join(examples, 'hello'))
    await readyPods(cluster, 'hello', 3)
    const service = await cluster.connection.json<Tree>('GET', '/api/v1/namespaces/default/services/hello')
    const url = `http://${service.spec.clusterIP}/`
    await eventually('the service answers', () => fetchText(url))
    return url
  }

  test(
    'three Pods answer at one address, heal and are replaced',
    async (t) => {
      const cluster = await start()
      t.defer(() => cluster.stop())
      const url = await applyHello(cluster)

      const answers = new Set<string>()
      await eventually('an answer of each Pod', async () => answers.add(await fetchText(url)).size === 3)

      const [victim] = await readyPods(cluster, 'hello', 3)
      assert.ok(victim)
      await subject.killContainer(victim)
      const healed = await eventually('a restart that is counted', async () => {
        const pod = await cluster.connection.json<Tree>('GET', `${pods}/${victim.metadata.name}`)
        return pod.status.containerStatuses[0].restartCount === 1 && pod.status.containerStatuses[0].ready && pod
      })
      assert.is(healed.metadata.uid, victim.metadata.uid)

      await cluster.davit('delete', 'pod', victim.metadata.name)
      const replaced = await readyPods(cluster, 'hello', 3)
      assert.not.ok(replaced.some((pod) => pod.metadata.uid === victim.metadata.uid))

      assert.match(await cluster.davit('logs', 'deployment/hello'), /listens on/)
      assert.match(await cluster.davit('exec', 'deployment/hello', '--', 'node', '-p', '6 * 7'), /^42/)
    },
    options,
  )

  test(
    'kill -9 under load: nothing acknowledged is lost, nothing is started twice, traffic goes on',
    async (t) => {
      const cluster = await start()
      t.defer(() => cluster.stop())
      const url = await applyHello(cluster)
      const before = await subject.running(await readyPods(cluster, 'hello', 3))

      const acknowledged: string[] = []
      const writers = Array.from({ length: 8 }, (_, writer) => write(cluster, writer, acknowledged))
      const traffic = startTraffic(url)
      await new Promise((resolve) => setTimeout(resolve, 1500))
      await cluster.kill()
      await Promise.all(writers)
      await new Promise((resolve) => setTimeout(resolve, 500))
      await cluster.up()
      const after = await subject.running(await readyPods(cluster, 'hello', 3))
      await new Promise((resolve) => setTimeout(resolve, 1000))
      const { failures, requests } = await traffic.stop()

      assert.ok(acknowledged.length > 100, `only ${acknowledged.length} writes before the kill`)
      const present = new Set((await cluster.list('/api/v1/namespaces/default/configmaps')).map((object) => object.metadata.name))
      assert.equal(
        acknowledged.filter((name) => !present.has(name)),
        [],
      )
      assert.equal(after, before, 'the same containers run on')
      assert.ok(requests > 100, `only ${requests} requests`)
      assert.equal(failures, [])
    },
    options,
  )
}

/** Creates ConfigMaps until the server is gone, and notes those that it acknowledged. */
async function write(cluster: Cluster, writer: number, acknowledged: string[]): Promise<void> {
  for (let count = 0; ; count++) {
    const name = `load-${writer}-${count}`
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { at: String(count) } }
    try {
      const { code } = await cluster.connection.raw('POST', '/api/v1/namespaces/default/configmaps', { body })
      if (code === 201) acknowledged.push(name)
    } catch {
      return
    }
  }
}

function startTraffic(url: string): { stop(): Promise<{ failures: string[]; requests: number }> } {
  const failures: string[] = []
  let requests = 0
  let stopped = false
  const loop = async () => {
    while (!stopped) {
      await fetchText(url).catch((error: unknown) => failures.push(String(error)))
      requests += 1
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const done = loop()
  return {
    async stop() {
      stopped = true
      await done
      return { failures, requests }
    },
  }
}
